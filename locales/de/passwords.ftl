# Die Stärke eines Passworts: was es leicht zu erraten macht, und was es besser machen würde.

password-common = Das ähnelt einem der meistverwendeten Passwörter.
password-word = Ein einzelnes Wort ist leicht zu erraten.
password-name = Namen sind leicht zu erraten.
password-keyboard = Tastenreihen sind leicht zu erraten.
password-repeat = Wiederholungen sind leicht zu erraten.
password-sequence = Folgen wie abc oder 6543 sind leicht zu erraten.
password-date = Daten und Jahreszahlen sind leicht zu erraten.

password-more-words = Verwenden Sie mehrere Wörter, die nichts miteinander zu tun haben.
password-few-tricks = Großbuchstaben, Zeichen anstelle von Buchstaben und rückwärts geschriebene Wörter helfen wenig. Mehr Länge hilft.
password-no-patterns = Verzichten Sie auf Wiederholungen, Folgen und Tastenreihen.
password-no-dates = Verzichten Sie auf Daten und Jahreszahlen, die mit Ihnen zu tun haben.
