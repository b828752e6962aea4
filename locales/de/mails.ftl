# Mails, die einen Code bringen, und was alle Mails gemeinsam haben. Mails über Ereignisse stehen in notices.ftl.
# Mails. { $service } ist der Name des Dienstes.

mail-sign-in-subject = Ihr Anmeldecode für { $service }
mail-sign-in-use = Geben Sie diesen Code ein, um sich bei { $service } anzumelden:
mail-sign-in-advice = Wenn Sie das nicht waren, geben Sie den Code an niemanden weiter. Wer ihn angefordert hat, kennt Ihr Passwort. Ändern Sie es jetzt.

mail-enable-two-step-subject = Bestätigung in zwei Schritten einschalten: { $service }
mail-enable-two-step-use = Geben Sie diesen Code ein, um die Bestätigung in zwei Schritten einzuschalten:
mail-enable-two-step-advice = Wenn Sie das nicht waren, ist jemand anderes in Ihrem Konto angemeldet. Ändern Sie jetzt Ihr Passwort.

mail-disable-two-step-subject = Bestätigung in zwei Schritten ausschalten: { $service }
mail-disable-two-step-use = Geben Sie diesen Code ein, um die Bestätigung in zwei Schritten auszuschalten:
mail-disable-two-step-advice = Wenn Sie das nicht waren, geben Sie den Code an niemanden weiter. Jemand anderes ist in Ihrem Konto angemeldet. Ändern Sie jetzt Ihr Passwort.

mail-create-account-subject = Bestätigen Sie Ihre E-Mail-Adresse für { $service }
mail-create-account-use = Geben Sie diesen Code ein, um Ihre E-Mail-Adresse zu bestätigen und Ihr Konto anzulegen:
mail-create-account-advice = Wenn Sie das nicht waren, können Sie diese E-Mail ignorieren. Ohne den Code wird kein Konto angelegt.

mail-change-email-subject = Bestätigen Sie Ihre neue E-Mail-Adresse für { $service }
mail-change-email-use = Geben Sie diesen Code ein, damit Ihr Konto diese E-Mail-Adresse verwendet:
mail-change-email-advice = Wenn Sie das nicht waren, ignorieren Sie diese E-Mail. Ohne den Code ändert sich nichts.

mail-subject-again = { $subject } (Nr. { $number })
mail-expires-minutes = Läuft in { $minutes } Minuten ab ({ $clock }).
mail-expires-hours = Läuft in { $hours } Stunden ab ({ $time }).
mail-clock-own = { $clock } Uhr Ihrer Zeit
mail-sent = Gesendet am { $time }.
mail-sent-again = Code Nr. { $number }, gesendet am { $time }. Er ersetzt den vorherigen Code.

mail-fact-device = Gerät
mail-fact-place = Ort
mail-fact-address = IP-Adresse
mail-fact-time = Zeit
# Hinter einem Ort: Er ist aus einer IP-Adresse geschätzt.
mail-place-near = { $place } (ungefähr)
# { $platform } ist android, ios, web oder other.
mail-platform =
    { $platform ->
        [android] Ein Android-Gerät
        [ios] Ein iPhone oder iPad
        [web] Ein Browser
       *[other] Ein Gerät
    }
mail-button-not-me = Das war ich nicht
mail-button-review = Konto überprüfen
mail-button-new-password = Neues Passwort wählen
mail-button-undo-address = Änderung rückgängig machen
mail-never-share = { $service } fragt Sie nie am Telefon oder in einer Nachricht nach diesem Code.
mail-why = Sie erhalten diese E-Mail wegen Ihres Kontos bei { $service }.
mail-why-address = Sie erhalten diese E-Mail, weil jemand bei { $service } Ihre Adresse eingegeben hat.
mail-help = Brauchen Sie Hilfe? { $support }

# { $clock } sind Stunden und Minuten, { $zone } der kurze Name der Zeitzone, etwa MEZ.
time =
    { $day }. { $month ->
        [1] Januar
        [2] Februar
        [3] März
        [4] April
        [5] Mai
        [6] Juni
        [7] Juli
        [8] August
        [9] September
        [10] Oktober
        [11] November
       *[12] Dezember
    } { $year }, { $clock } Uhr ({ $zone })
