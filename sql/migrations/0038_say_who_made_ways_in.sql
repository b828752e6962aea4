-- Which device and session made an owner's recovery codes or set their authenticator app up: what somebody made who is reported goes with them.

ALTER TABLE recovery_codes ADD COLUMN device_id uuid, ADD COLUMN session_id uuid;
ALTER TABLE authenticators ADD COLUMN device_id uuid, ADD COLUMN session_id uuid;
