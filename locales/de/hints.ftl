# „Keinen Code erhalten?“

hint-no-trusted-device-reachable = Keines Ihrer vertrauenswürdigen Geräte ist gerade erreichbar. Öffnen Sie die App auf einem davon, dann erscheint dort der Code.
hint-shown-on-trusted-device =
    { $devices ->
        [one] Der Code steht auf dem Bildschirm von 1 vertrauenswürdigen Gerät.
       *[other] Der Code steht auf dem Bildschirm von { $devices } vertrauenswürdigen Geräten.
    }
hint-waiting-for-device = Der Code ist unterwegs zu Ihren vertrauenswürdigen Geräten. Entsperren Sie sie, und öffnen Sie die App.
hint-handed-to-provider = Wir haben vor { $seconds } s eine Mitteilung an Google oder Apple übergeben. Wenn sie nicht ankommt, prüfen Sie, ob das Gerät online ist und Mitteilungen erlaubt.
hint-alerts-paused = Zu viele Anfragen blieben unbeantwortet. Ihre vertrauenswürdigen Geräte melden sich deshalb nicht mehr von selbst: Öffnen Sie die App auf einem davon, um den Code zu sehen.
hint-notifications-off = Auf einem vertrauenswürdigen Gerät sind die Mitteilungen ausgeschaltet. Öffnen Sie dort die App, um den Code zu sehen.
hint-push-token-expired = Eines Ihrer vertrauenswürdigen Geräte bekommt keine Mitteilungen mehr. Öffnen Sie dort einmal die App, dann klappt es wieder.
# { $sender } ist eine E-Mail-Adresse.
hint-mail-accepted = Wir haben die E-Mail mit dem Code gesendet. Sehen Sie auch im Spam-Ordner nach, und nehmen Sie { $sender } in Ihre Kontakte auf.
hint-mail-pending = Die E-Mail mit dem Code wird gerade gesendet.
hint-mail-delayed = Die E-Mail mit dem Code wird unterwegs aufgehalten. Wir versuchen es weiter; das kann einige Minuten dauern.
hint-mail-refused = Ihr E-Mail-Anbieter sagt, dass es dieses Postfach nicht gibt. Prüfen Sie Ihre Adresse auf Tippfehler, oder verwenden Sie ein vertrauenswürdiges Gerät.
hint-mailbox-full = Ihr Postfach ist voll, deshalb wurde die E-Mail mit dem Code abgewiesen. Löschen Sie einige E-Mails und fordern Sie einen neuen Code an, oder verwenden Sie ein vertrauenswürdiges Gerät.
hint-mail-message-refused = Ihr E-Mail-Anbieter hat die E-Mail mit dem Code abgewiesen, vielleicht als Spam. Nehmen Sie den Absender in Ihre Kontakte auf und fordern Sie einen neuen Code an, oder verwenden Sie ein vertrauenswürdiges Gerät.
hint-mail-address-unsupported = Unser E-Mail-Server kann an Adressen mit Zeichen wie in Ihrer nicht zustellen. Mit Ihrem Postfach ist alles in Ordnung. Verwenden Sie ein vertrauenswürdiges Gerät, oder wenden Sie sich an den Support.
hint-mail-failed = Die E-Mail mit dem Code konnte nicht gesendet werden; an Ihrem Postfach liegt es nicht. Verwenden Sie ein vertrauenswürdiges Gerät, oder versuchen Sie es später noch einmal.
hint-email-offered = Sie können sich den Code stattdessen an Ihre E-Mail-Adresse senden lassen.
hint-resend-possible = Sie können jetzt einen neuen Code anfordern.
hint-resend-later = In { $seconds } s können Sie einen neuen Code anfordern.

hint-closed-verified = Der Code wurde angenommen.
hint-closed-denied = Auf einem vertrauenswürdigen Gerät wurde geantwortet, dass Sie das nicht waren.
hint-closed-expired = Der Code ist abgelaufen. Melden Sie sich noch einmal an, um einen neuen zu erhalten.
hint-closed-attempts-exhausted = Zu viele falsche Codes. Melden Sie sich noch einmal an, um einen neuen zu erhalten.
hint-closed-superseded = Eine neuere Anmeldung von diesem Gerät hat diese ersetzt.
hint-superseded-newer-request = Sie haben auf diesem Gerät noch einmal angefragt. Verwenden Sie den neuesten Code.
hint-superseded-other-requests = Inzwischen haben andere Geräte Codes angefordert. Beginnen Sie einfach noch einmal.
hint-superseded-password-changed = Das Passwort wurde geändert, deshalb ist diese Anfrage beendet. Melden Sie sich mit dem neuen Passwort an.
hint-superseded-frozen = Anmeldungen neuer Geräte sind angehalten: Eine Anmeldung wurde gemeldet, oder es wurden zu viele falsche Codes eingegeben. Erlauben Sie sie auf einem vertrauenswürdigen Gerät wieder und beginnen Sie dann noch einmal.
hint-superseded-account-deleted = Das Konto wurde gelöscht.
hint-superseded-cancelled = Sie haben diese Anfrage abgebrochen. Beginnen Sie einfach noch einmal.
hint-superseded-recovery-ended = Die Anfrage, sich ohne Gerät anzumelden, wurde inzwischen abgebrochen oder benutzt. Melden Sie sich noch einmal an.
hint-superseded-address-confirmed = Diese Adresse wurde in einem anderen Fenster bestätigt. Melden Sie sich dort an, oder hier mit Ihrem Passwort.

# Neben den Orten in der Anmeldeaktivität.
location-note = Ortsangaben sind ungefähr: Sie stammen von der Netzwerkadresse, und die kann durch einen Mobilfunkanbieter, ein Firmennetz oder ein VPN weit vom Gerät entfernt liegen.
