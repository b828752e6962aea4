# Mitteilungen, die einen Code bringen. Die über Ereignisse stehen in notices.ftl.

push-code-title = Ihr Anmeldecode
push-disable-two-step-title = Ihr Code zum Ausschalten der Bestätigung in zwei Schritten
push-code-body = { $code } für { $device }
push-wake-body = Öffnen Sie die App, um ihn zu sehen.
push-over-title = Anmeldecode nicht mehr nötig
push-over-body = Es ist nichts zu tun.
push-test-title = Mitteilungen kommen an
push-test-body = Das ist ein Test. So werden Codes aussehen.
