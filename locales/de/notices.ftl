# Sicherheitshinweise: Der Titel ist der Betreff der E-Mail und der Titel der Mitteilung; der Text steht in beiden
# und wird von verbundenen Geräten gezeigt.

notice-sign-in-denied-title = Eine Anmeldung bei Ihrem Konto wurde abgelehnt
notice-sign-in-denied-body = Jemand hat sich mit Ihrem Passwort anmelden wollen, und auf einem vertrauenswürdigen Gerät wurde geantwortet, dass Sie das nicht waren. Anmeldungen neuer Geräte sind angehalten, bis Sie sie auf einem vertrauenswürdigen Gerät wieder erlauben. Falls Sie es nicht selbst versucht haben, kennt jemand Ihr Passwort: Ändern Sie es jetzt. Wählen Sie ein langes Passwort, das Sie nirgendwo sonst verwenden; ein Passwort-Manager kann es erzeugen und sich merken.

notice-sign-in-reported-title = Eine Anmeldung bei Ihrem Konto wurde gemeldet
notice-sign-in-reported-body = Ein Eintrag Ihrer Anmeldeaktivität wurde als fremd gemeldet. Solange die Bestätigung in zwei Schritten eingeschaltet ist, sind Anmeldungen neuer Geräte angehalten, bis Sie sie auf einem vertrauenswürdigen Gerät wieder erlauben. Falls Sie das nicht waren, ändern Sie jetzt Ihr Passwort und entfernen Sie Geräte, die Sie nicht kennen. Wählen Sie ein langes Passwort, das Sie nirgendwo sonst verwenden; ein Passwort-Manager kann es erzeugen und sich merken.

notice-sign-in-unfinished-title = Haben Sie eine Anmeldung begonnen?
notice-sign-in-unfinished-body = Auf einem neuen Gerät wurde Ihr Passwort eingegeben, die Anmeldung aber nicht abgeschlossen. Falls Sie das waren, müssen Sie nichts tun. Falls nicht, kennt jemand Ihr Passwort: Ändern Sie es jetzt.

notice-too-many-wrong-codes-title = Zu viele falsche Codes wurden eingegeben
notice-too-many-wrong-codes-body = Für Ihr Konto wurden zu viele falsche Codes eingegeben. Deshalb sind Anmeldungen neuer Geräte angehalten, bis Sie sie auf einem vertrauenswürdigen Gerät wieder erlauben. Falls Sie das nicht waren, kennt jemand Ihr Passwort: Ändern Sie es jetzt.

notice-new-device-signed-in-title = Ein neues Gerät hat sich bei Ihrem Konto angemeldet
notice-new-device-signed-in-body = Ein neues Gerät hat sich mit einem Code bei Ihrem Konto angemeldet. Falls Sie das nicht waren, ändern Sie jetzt Ihr Passwort – damit wird das Gerät abgemeldet – und entfernen Sie es aus Ihren vertrauenswürdigen Geräten.

notice-sign-ins-unfrozen-title = Neue Geräte können sich wieder anmelden
notice-sign-ins-unfrozen-body = Neue Geräte können sich wieder bei Ihrem Konto anmelden. Falls nicht Sie das erlaubt haben, ändern Sie Ihr Passwort.

notice-two-step-enabled-title = Die Bestätigung in zwei Schritten ist eingeschaltet
notice-two-step-enabled-body = Die Bestätigung in zwei Schritten ist jetzt für Ihr Konto eingeschaltet: Auf einem neuen Gerät brauchen Sie zusätzlich einen Code von einem Gerät, dem Sie vertrauen. Falls Sie das nicht waren, ändern Sie Ihr Passwort und prüfen Sie Ihre Geräte.

notice-two-step-disabled-title = Die Bestätigung in zwei Schritten wurde ausgeschaltet
notice-two-step-disabled-body = Die Bestätigung in zwei Schritten ist ausgeschaltet; jetzt reicht Ihr Passwort allein, um in Ihr Konto zu kommen. Falls Sie das nicht waren, ändern Sie Ihr Passwort und schalten Sie sie wieder ein.

notice-mailbox-changed-title = Die E-Mail-Adresse Ihres Kontos wurde geändert
notice-mailbox-changed-body = Codes und Nachrichten zu Ihrem Konto gehen jetzt an eine andere E-Mail-Adresse; offene Codes wurden ersetzt. Falls Sie das nicht waren, wenden Sie sich jetzt an den Support und prüfen Sie Ihre vertrauenswürdigen Geräte.

notice-push-address-changed-title = Eines Ihrer Geräte bekommt seine Mitteilungen woanders
notice-push-address-changed-body = Mitteilungen für eines Ihrer vertrauenswürdigen Geräte, und die Codes darin, gehen jetzt an eine neue Adresse. Das passiert, wenn die App neu installiert oder auf ein anderes Gerät übertragen wird. Codes, die unterwegs waren, wurden ersetzt. Wenn Sie das nicht waren, entfernen Sie dieses Gerät und ändern Sie Ihr Passwort.

notice-password-changed-title = Ihr Passwort wurde geändert
notice-password-changed-body = Das Passwort Ihres Kontos wurde geändert. Falls Sie das nicht waren, wenden Sie sich jetzt an den Support.

notice-password-reset-asked-title = Neues Passwort wählen
notice-password-reset-asked-body = Jemand hat ein neues Passwort für Ihr Konto angefordert. Wenn Sie das waren, wählen Sie es mit der Schaltfläche unten: Der Link gilt einmal und 30 Minuten lang. Auf einem neuen Gerät wird weiterhin ein Code gebraucht, und alle Sitzungen enden. Wenn Sie es nicht waren, ignorieren Sie diese E-Mail: Es ändert sich nichts.

notice-password-reset-asked-frozen-title = Neues Passwort wählen
notice-password-reset-asked-frozen-body = Jemand hat ein neues Passwort für Ihr Konto angefordert. Wenn Sie das waren, wählen Sie es mit der Schaltfläche unten: Der Link gilt einmal und 30 Minuten lang. Zurzeit kann sich kein neues Gerät anmelden, weil jemand „Das war ich nicht“ geantwortet hat oder zu viele falsche Codes eingegeben wurden. Ein neues Passwort ändert daran nichts: Erlauben Sie neue Anmeldungen auf einem vertrauenswürdigen Gerät wieder, oder wenden Sie sich an den Support. Wenn Sie es nicht waren, ignorieren Sie diese E-Mail: Es ändert sich nichts.

notice-password-reset-title = Ihr Passwort wurde zurückgesetzt
notice-password-reset-body = Mit einem Link aus einer E-Mail an diese Adresse wurde ein neues Passwort gewählt, und alle Sitzungen wurden abgemeldet. Wenn Sie das nicht waren, liest jemand Ihre E-Mails: Sichern Sie Ihr Postfach, und wählen Sie dann ein anderes Passwort.

notice-recovery-codes-made-title = Neue Wiederherstellungscodes wurden erstellt
notice-recovery-codes-made-body = Für Ihr Konto wurden neue Wiederherstellungscodes erstellt. Frühere gelten nicht mehr. Wenn Sie das nicht waren, ändern Sie Ihr Passwort, und erstellen Sie neue Codes.

notice-recovery-code-used-title = Ein Wiederherstellungscode wurde benutzt
notice-recovery-code-used-body = Jemand hat sich mit einem Ihrer Wiederherstellungscodes angemeldet oder Ihr Konto geändert. Dieser Code gilt nicht mehr. Wenn Sie das nicht waren, entfernen Sie das neue Gerät, ändern Sie Ihr Passwort, und erstellen Sie neue Codes.

notice-recovery-codes-low-title = Ein Wiederherstellungscode wurde benutzt, und es sind nur noch wenige übrig
notice-recovery-codes-low-body = Jemand hat sich mit einem Ihrer Wiederherstellungscodes angemeldet oder Ihr Konto geändert. Höchstens zwei sind übrig: Erstellen Sie neue auf einem vertrauenswürdigen Gerät. Wenn Sie das nicht waren, entfernen Sie das neue Gerät, ändern Sie Ihr Passwort, und erstellen Sie neue Codes.

notice-authenticator-added-title = Eine Authentifizierungs-App wurde hinzugefügt
notice-authenticator-added-body = Eine Authentifizierungs-App kann jetzt Codes für Ihr Konto erzeugen, auch ohne Netz. Wenn Sie das nicht waren, entfernen Sie sie unter Anmeldesicherheit, und ändern Sie Ihr Passwort.

notice-authenticator-removed-title = Die Authentifizierungs-App wurde entfernt
notice-authenticator-removed-body = Codes aus Ihrer Authentifizierungs-App gelten nicht mehr. Wenn Sie das nicht waren, ändern Sie Ihr Passwort, und prüfen Sie Ihre vertrauenswürdigen Geräte.

notice-recovery-asked-title = Jemand möchte sich ohne Ihre Geräte anmelden
notice-recovery-asked-body = Jemand, der Ihr Passwort kennt, gibt an, kein vertrauenswürdiges Gerät und keinen Wiederherstellungscode mehr zu haben. Nach einer Wartezeit genügt dafür ein Code an dieses Postfach. Wenn Sie das waren, brauchen Sie nur zu warten. Wenn nicht, öffnen Sie die Anmeldesicherheit dort, wo Sie angemeldet sind, brechen Sie die Anfrage ab, und ändern Sie Ihr Passwort.

notice-recovery-pending-title = Jemand wartet noch darauf, sich ohne Ihre Geräte anzumelden
notice-recovery-pending-body = Die Anfrage, sich ohne vertrauenswürdiges Gerät bei Ihrem Konto anzumelden, ist noch offen. Nach der Wartezeit genügt ein Code an dieses Postfach. Wenn Sie das nicht waren, öffnen Sie die Anmeldesicherheit dort, wo Sie angemeldet sind, brechen Sie die Anfrage ab, und ändern Sie Ihr Passwort.

notice-recovery-ready-title = Zum Anmelden genügt jetzt ein Code per E-Mail
notice-recovery-ready-body = Die Wartezeit der Anfrage, sich ohne vertrauenswürdiges Gerät anzumelden, ist vorbei. Sieben Tage lang und nur einmal genügen Ihr Passwort und ein Code an dieses Postfach. Wenn Sie das angefragt haben, melden Sie sich jetzt an, und wählen Sie den Code per E-Mail. Wenn nicht, öffnen Sie die Anmeldesicherheit dort, wo Sie angemeldet sind, brechen Sie die Anfrage ab, und ändern Sie Ihr Passwort.

notice-recovery-cancelled-title = Die Anfrage zur Anmeldung ohne Ihre Geräte wurde abgebrochen
notice-recovery-cancelled-body = Die Anfrage, sich ohne vertrauenswürdiges Gerät bei Ihrem Konto anzumelden, wurde aus einer Sitzung des Kontos abgebrochen. Wer angefragt hat, kennt Ihr Passwort: Wenn Sie das nicht waren, ändern Sie es.

notice-recovery-used-title = Jemand hat sich ohne Ihre Geräte angemeldet
notice-recovery-used-body = Nach der Wartezeit hat sich jemand mit Ihrem Passwort und einem Code an dieses Postfach bei Ihrem Konto angemeldet. Wenn Sie das nicht waren, entfernen Sie das neue Gerät unter Anmeldesicherheit, ändern Sie Ihr Passwort, und sichern Sie Ihr Postfach.

notice-email-changed-title = Die E-Mail-Adresse Ihres Kontos wurde geändert
notice-email-changed-body = Ihr Konto verwendet jetzt eine andere E-Mail-Adresse. Wenn Sie das waren, ist nichts zu tun. Wenn nicht, machen Sie die Änderung innerhalb von 72 Stunden mit der Schaltfläche unten rückgängig: Dann gilt wieder diese Adresse, und kein neues Gerät kann sich anmelden, bis Sie es erlauben. Ändern Sie danach Ihr Passwort.

notice-email-change-undone-title = Die Änderung Ihrer E-Mail-Adresse wurde rückgängig gemacht
notice-email-change-undone-body = Jemand, der die frühere Adresse Ihres Kontos liest, hat ihre Änderung rückgängig gemacht. Es gilt wieder jene Adresse, und kein neues Gerät kann sich anmelden. Wenn die Änderung von Ihnen war, erlauben Sie neue Anmeldungen auf einem vertrauenswürdigen Gerät wieder. Wenn nicht, ändern Sie Ihr Passwort.

notice-token-reused-title = Eine Ihrer Sitzungen wurde abgemeldet
notice-token-reused-body = Jemand hat eine Kopie einer Anmeldung von einem Ihrer Geräte verwendet, deshalb haben wir diese Sitzung beendet. Wenn Sie das Gerät nicht aus einer Sicherung wiederhergestellt haben, ändern Sie jetzt Ihr Passwort.

notice-device-removed-title = Ein vertrauenswürdiges Gerät wurde entfernt
notice-device-removed-body = Ein vertrauenswürdiges Gerät wurde aus Ihrem Konto entfernt. Falls Sie das nicht waren, ändern Sie Ihr Passwort.

notice-device-evicted-title = Ein vertrauenswürdiges Gerät hat einem neuen Platz gemacht
notice-device-evicted-body = Ihr Konto hatte schon so viele vertrauenswürdige Geräte, wie es haben kann. Deshalb gilt das am längsten nicht benutzte nicht mehr als vertrauenswürdig. Falls Sie sich nicht auf einem neuen Gerät angemeldet haben, ändern Sie Ihr Passwort.

notice-disabling-denied-title = Die Bestätigung in zwei Schritten bleibt eingeschaltet
notice-disabling-denied-body = Jemand wollte die Bestätigung in zwei Schritten ausschalten, und auf einem vertrauenswürdigen Gerät wurde geantwortet, dass Sie das nicht waren. Das Gerät, das es versucht hat, wurde abgemeldet. Falls Sie es nicht selbst versucht haben, kennt jemand Ihr Passwort: Ändern Sie es jetzt.

notice-address-taken-title = Sie haben bereits ein Konto
notice-address-taken-body = Jemand wollte mit Ihrer E-Mail-Adresse ein Konto anlegen. Sie haben schon eines, und es wurde nichts geändert.
