-- Makes a session with its refresh token. Of those of its device that go on few may, and the oldest end
-- (sql/migrations/0028_verify_sign_ins_in_one_call.sql).
-- $1 uuid: account; $2 uuid: session; $3 uuid: device; $4 bytea: hash of the access token; $5 bytea: hash of the refresh token;
-- $6 double precision: life of the access token, $7: of the refresh token, in seconds; $8 bigint: how many may go on with it;
-- $9 text: where it began, or NULL.
-- Returns 1 row: the sessions that ended (array), or NULL. Index: sessions_device.
SELECT create_session($1, $2, $3, $4, $5, $6, $7, $8, $9) AS ended_sessions
