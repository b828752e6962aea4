-- Shortens the IP addresses of old entries to their network: /24, or /48 for IPv6.
-- $1 integer: days after which an entry is old.
-- Changes 0 or more rows, each once. Index: login_activity_full_ip.
UPDATE login_activity SET ip = network(set_masklen(ip, CASE family(ip) WHEN 4 THEN 24 ELSE 48 END))
WHERE at < now() - make_interval(days => $1)
    AND ip IS NOT NULL AND masklen(ip) = CASE family(ip) WHEN 4 THEN 32 ELSE 128 END
