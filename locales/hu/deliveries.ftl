# Meddig jutott egy kézbesítés. { $state } a lenti szövegek egyike; { $number } a megbízható eszközök sorszáma, 1-től.

delivery-to-device = { $number }. megbízható eszköz: { $state }
delivery-to-mailbox = Postafiók: { $state }

delivery-shown = megjelent
delivery-not-shown = nem tudta megjeleníteni a kódot

delivery-connection-pending = a kapcsolatának keresése
delivery-connection-accepted = elküldve a kapcsolatán, még nincs válasz
delivery-connection-failed = megszakadt a kapcsolata
delivery-connection-cancelled = nem kapcsolaton keresztül ment

# { $provider }: Google, Apple vagy Web Push.
delivery-push-pending = átadás folyamatban ({ $provider })
delivery-push-accepted = átadva ({ $provider }), még nincs válasz
delivery-push-shown-meanwhile = átadva ({ $provider })
delivery-push-failed = a szolgáltató ({ $provider }) nem vette át az értesítést
delivery-push-cancelled = nem volt szükség értesítésre

delivery-mail-pending = átadás a levelezőkiszolgálónak
delivery-mail-accepted = átadva a levelezőkiszolgálónak
delivery-mail-failed = a levelezőkiszolgáló nem vette át a levelet
delivery-mail-cancelled = nem volt szükség levélre

delivery-notifications-off = ki vannak kapcsolva az értesítések
delivery-no-push-token = nem kapcsolódik, és nincs regisztrálva értesítésekre
delivery-token-expired = lejárt az értesítésekre szóló regisztrációja
delivery-unreachable = nem érhető el
