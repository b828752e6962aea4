# Wie weit eine Zustellung kam. { $state } ist einer der Texte unten; { $number } zählt die vertrauenswürdigen Geräte ab 1.

delivery-to-device = Vertrauenswürdiges Gerät { $number }: { $state }
delivery-to-mailbox = Postfach: { $state }

delivery-shown = angezeigt
delivery-not-shown = es konnte den Code nicht anzeigen

delivery-connection-pending = seine Verbindung wird gesucht
delivery-connection-accepted = über seine Verbindung gesendet, noch keine Antwort
delivery-connection-failed = seine Verbindung ist abgebrochen
delivery-connection-cancelled = nicht über eine Verbindung gesendet

# { $provider } ist Google, Apple oder Web Push.
delivery-push-pending = wird an { $provider } übergeben
delivery-push-accepted = an { $provider } übergeben, noch keine Antwort
delivery-push-shown-meanwhile = an { $provider } übergeben
delivery-push-failed = { $provider } hat die Mitteilung nicht angenommen
delivery-push-cancelled = keine Mitteilung nötig

delivery-mail-pending = wird an den Mailserver übergeben
delivery-mail-accepted = an den Mailserver übergeben
delivery-mail-failed = der Mailserver hat die E-Mail nicht angenommen
delivery-mail-cancelled = keine E-Mail nötig

delivery-notifications-off = Mitteilungen sind ausgeschaltet
delivery-no-push-token = nicht verbunden und nicht für Mitteilungen registriert
delivery-token-expired = seine Registrierung für Mitteilungen ist abgelaufen
delivery-unreachable = es ist nicht erreichbar
