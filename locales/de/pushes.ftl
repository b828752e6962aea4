# Benachrichtigungen.

push-code-title = Ihr Anmeldecode
push-disable-two-step-title = Ihr Code zum Ausschalten der Bestätigung in zwei Schritten
push-code-body = { $code } für { $device } ({ $model })
push-wake-body = Öffnen Sie die App, um ihn zu sehen.
