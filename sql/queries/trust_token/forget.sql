-- Forgets every trust token of a device.
-- $1 uuid: account; $2 uuid: device.
-- Deletes 0 or more rows. Index: trust_tokens_device.
DELETE FROM trust_tokens WHERE account_id = $1 AND device_id = $2
