"""Writes a MaxMind DB file.

Usage: write_places.py FILE < JSON, a map of networks to records.
"""

import json
import os
import sys

from mmdb_writer import MMDBWriter
from netaddr import IPSet


def main():
    path = sys.argv[1]
    writer = MMDBWriter(ip_version=4, database_type="Test-City", languages=["en"])
    for network, record in json.load(sys.stdin).items():
        writer.insert_network(IPSet([network]), record)
    # Whoever reads it finds the old file or the new one, never half of one.
    writer.to_db_file(path + ".new")
    os.replace(path + ".new", path)


main()
