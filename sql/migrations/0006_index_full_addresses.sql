-- Entries whose IP address is not shortened yet, by age.
CREATE INDEX login_activity_full_ip ON login_activity (at)
    WHERE ip IS NOT NULL AND masklen(ip) = CASE family(ip) WHEN 4 THEN 32 ELSE 128 END;
