-- name: push_want
UPDATE push_subscription SET wanted = :digest,
  due = CASE WHEN delivered = :digest THEN NULL WHEN due IS NULL THEN 0 ELSE due END
WHERE topic = :topic AND wanted <> :digest
-- name: push_document
SELECT digest FROM document WHERE path = ?
-- name: push_deliveries_due
SELECT id, host FROM (
  SELECT id, host, due, row_number() OVER (PARTITION BY host ORDER BY due, id) AS place
  FROM push_subscription WHERE due <= :now
) AS ranked WHERE place <= :each ORDER BY due, id LIMIT :most
-- name: push_delivery
SELECT id, topic, callback, host, secret, wanted, tries FROM push_subscription
WHERE id = :id AND due <= :now AND ends > :now
-- name: push_delivered
UPDATE push_subscription SET delivered = :digest, tries = 0, trouble = '',
  due = CASE WHEN wanted = :wanted OR wanted = :digest THEN NULL ELSE due END
WHERE id = :id AND topic = :topic AND callback = :callback
-- name: push_postpone
UPDATE push_subscription SET due = :due, tries = tries + 1, trouble = :trouble
WHERE id = :id AND topic = :topic AND callback = :callback
-- name: push_pass
UPDATE push_subscription SET due = NULL WHERE id = ?
-- name: push_subscribe
INSERT INTO push_subscription (topic, callback, host, secret, ends, wanted, delivered)
VALUES (:topic, :callback, :host, :secret, :ends, :digest, :digest)
ON CONFLICT (topic, callback) DO UPDATE SET secret = excluded.secret, ends = excluded.ends, host = excluded.host
-- name: push_unsubscribe
DELETE FROM push_subscription WHERE topic = :topic AND callback = :callback
-- name: push_expire
DELETE FROM push_subscription WHERE ends <= ?
-- name: push_counts
SELECT count(*), count(due) FROM push_subscription
-- name: push_host_counts
SELECT count(*) FROM push_subscription WHERE host = ?

-- name: push_task_put
INSERT INTO push_task (kind, name, host, data, due) VALUES (:kind, :name, :host, :data, :due)
ON CONFLICT (kind, name) DO UPDATE SET host = excluded.host, data = excluded.data, due = excluded.due,
  tries = 0, serial = push_task.serial + 1
-- name: push_tasks_due
SELECT id, host FROM (
  SELECT id, host, due, row_number() OVER (PARTITION BY host ORDER BY due, id) AS place
  FROM push_task WHERE due <= :now
) AS ranked WHERE place <= :each ORDER BY due, id LIMIT :most
-- name: push_task
SELECT id, kind, host, data, tries, serial FROM push_task WHERE id = :id AND due <= :now
-- name: push_task_done
DELETE FROM push_task WHERE id = :id AND serial = :serial
-- name: push_task_again
UPDATE push_task SET due = :due, tries = tries + 1 WHERE id = :id AND serial = :serial
-- name: push_task_drop
DELETE FROM push_task WHERE kind = ? AND name = ?
-- name: push_task_count
SELECT count(*) FROM push_task WHERE kind = ?

-- name: push_upstream_put
INSERT INTO push_upstream (source, topic, hub, secret, token, state, ends, received)
VALUES (:source, :topic, :hub, :secret, :token, :state, :ends, 0)
ON CONFLICT (source) DO UPDATE SET topic = excluded.topic, hub = excluded.hub, secret = excluded.secret,
  token = excluded.token, state = excluded.state, ends = excluded.ends, trouble = ''
-- name: push_upstream_state
UPDATE push_upstream SET state = :state, ends = :ends, trouble = :trouble WHERE source = :source
-- name: push_upstream_received
UPDATE push_upstream SET received = :now WHERE source = :source
-- name: push_upstream_drop
DELETE FROM push_upstream WHERE source = ?
-- name: push_upstream_of_source
SELECT source, topic, hub, secret, token, state, ends, received, trouble FROM push_upstream WHERE source = ?
-- name: push_upstream_of_token
SELECT source, topic, hub, secret, token, state, ends, received, trouble FROM push_upstream WHERE token = ?
-- name: push_upstreams
SELECT source, topic, hub, secret, token, state, ends, received, trouble FROM push_upstream ORDER BY source
