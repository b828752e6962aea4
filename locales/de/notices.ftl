# Sicherheitshinweise: Der Titel ist der Betreff der E-Mail und der Titel der Benachrichtigung; der Text steht in beiden
# und wird von verbundenen Geräten gezeigt.

notice-sign-in-denied-title = Eine Anmeldung bei Ihrem Konto wurde abgelehnt
notice-sign-in-denied-body = Eine Anmeldung bei Ihrem Konto wurde abgelehnt, und kein neues Gerät kann sich anmelden, bis Sie es auf einem vertrauenswürdigen Gerät wieder erlauben. Falls nicht Sie es versucht haben, kennt jemand Ihr Passwort: Ändern Sie es jetzt. Ein gutes Passwort ist lang, wird nirgendwo sonst verwendet und kommt aus einem Passwortmanager oder besteht aus mehreren zufälligen Wörtern.

notice-sign-in-reported-title = Eine Anmeldung bei Ihrem Konto wurde gemeldet
notice-sign-in-reported-body = Ein Eintrag Ihrer Anmeldeaktivität wurde als fremd gemeldet. Solange die Bestätigung in zwei Schritten eingeschaltet ist, kann sich kein neues Gerät anmelden, bis Sie es auf einem vertrauenswürdigen Gerät wieder erlauben. Falls Sie das nicht waren: Ändern Sie jetzt Ihr Passwort, und entfernen Sie Geräte, die Sie nicht kennen. Ein gutes Passwort ist lang, wird nirgendwo sonst verwendet und kommt aus einem Passwortmanager oder besteht aus mehreren zufälligen Wörtern.

notice-sign-in-unfinished-title = Haben Sie eine Anmeldung begonnen?
notice-sign-in-unfinished-body = Auf einem neuen Gerät wurde Ihr Passwort eingegeben, die Anmeldung aber nicht abgeschlossen. Falls Sie das waren, müssen Sie nichts tun. Falls nicht, kennt jemand Ihr Passwort: Ändern Sie es jetzt.

notice-too-many-wrong-codes-title = Zu viele falsche Codes wurden eingegeben
notice-too-many-wrong-codes-body = Für Ihr Konto wurden zu viele falsche Codes eingegeben. Deshalb kann sich kein neues Gerät anmelden, bis Sie es auf einem vertrauenswürdigen Gerät wieder erlauben. Falls Sie das nicht waren, kennt jemand Ihr Passwort: Ändern Sie es jetzt.

notice-new-device-signed-in-title = Ein neues Gerät hat sich bei Ihrem Konto angemeldet
notice-new-device-signed-in-body = Ein neues Gerät hat sich mit einem Code bei Ihrem Konto angemeldet. Falls Sie das nicht waren: Ändern Sie jetzt Ihr Passwort, das meldet dieses Gerät ab, und entfernen Sie es aus Ihren vertrauenswürdigen Geräten.

notice-sign-ins-unfrozen-title = Neue Geräte können sich wieder anmelden
notice-sign-ins-unfrozen-body = Neue Geräte können sich wieder bei Ihrem Konto anmelden. Falls nicht Sie das erlaubt haben, ändern Sie Ihr Passwort.

notice-two-step-enabled-title = Die Bestätigung in zwei Schritten ist eingeschaltet
notice-two-step-enabled-body = Für Ihr Konto wurde die Bestätigung in zwei Schritten eingeschaltet. Ein Gerät, dem Sie noch nicht vertrauen, braucht jetzt einen Code, um sich anzumelden. Falls Sie das nicht waren, ändern Sie Ihr Passwort und sehen Sie Ihre Geräte durch.

notice-two-step-disabled-title = Die Bestätigung in zwei Schritten wurde ausgeschaltet
notice-two-step-disabled-body = Für Ihr Konto wurde die Bestätigung in zwei Schritten ausgeschaltet. Falls Sie das nicht waren, ändern Sie Ihr Passwort und schalten Sie sie wieder ein.

notice-mailbox-changed-title = Die E-Mail-Adresse Ihres Kontos wurde geändert
notice-mailbox-changed-body = Codes und Nachrichten zu Ihrem Konto gehen jetzt an eine andere E-Mail-Adresse. Codes, die noch unterwegs waren, wurden ersetzt. Falls Sie das nicht waren, wenden Sie sich jetzt an den Anbieter der App, und sehen Sie Ihre vertrauenswürdigen Geräte durch.

notice-push-address-changed-title = Eines Ihrer Geräte bekommt seine Mitteilungen woanders
notice-push-address-changed-body = Mitteilungen für eines Ihrer vertrauenswürdigen Geräte, und die Codes darin, gehen jetzt an eine neue Adresse. Das passiert, wenn die App neu installiert oder auf ein anderes Gerät übertragen wird. Codes, die unterwegs waren, wurden ersetzt. Wenn Sie das nicht waren, entfernen Sie dieses Gerät und ändern Sie Ihr Passwort.

notice-password-changed-title = Ihr Passwort wurde geändert
notice-password-changed-body = Das Passwort Ihres Kontos wurde geändert. Falls Sie das nicht waren, holen Sie sich jetzt Hilfe.

notice-token-reused-title = Eine Ihrer Sitzungen wurde abgemeldet
notice-token-reused-body = Jemand hat eine Kopie einer Anmeldung von einem Ihrer Geräte verwendet, deshalb haben wir diese Sitzung beendet. Wenn Sie das Gerät nicht aus einer Sicherung wiederhergestellt haben, ändern Sie jetzt Ihr Passwort.

notice-device-removed-title = Ein vertrauenswürdiges Gerät wurde entfernt
notice-device-removed-body = Ein vertrauenswürdiges Gerät wurde aus Ihrem Konto entfernt. Falls Sie das nicht waren, ändern Sie Ihr Passwort.

notice-device-evicted-title = Ein vertrauenswürdiges Gerät hat einem neuen Platz gemacht
notice-device-evicted-body = Ihr Konto hatte bereits so viele vertrauenswürdige Geräte wie möglich. Deshalb ist das am längsten ungenutzte nicht mehr vertrauenswürdig. Falls Sie sich nicht auf einem neuen Gerät angemeldet haben, ändern Sie Ihr Passwort.

notice-disabling-denied-title = Die Bestätigung in zwei Schritten bleibt eingeschaltet
notice-disabling-denied-body = Jemand wollte die Bestätigung in zwei Schritten ausschalten, und ein vertrauenswürdiges Gerät hat das abgelehnt. Das Gerät, das es versucht hat, wurde abgemeldet. Falls nicht Sie es versucht haben, kennt jemand Ihr Passwort: Ändern Sie es jetzt.

notice-address-taken-title = Sie haben bereits ein Konto
notice-address-taken-body = Jemand wollte mit Ihrer Adresse ein Konto anlegen. Sie haben bereits eines; es wurde nichts geändert.
