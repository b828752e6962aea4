-- Makes this month's partition and those of the next three.
SELECT create_login_activity_partitions(3)
