# A jelszó erőssége: mitől könnyű kitalálni, és mitől lenne jobb.

password-common = Ez az egyik leggyakoribb jelszóra hasonlít.
password-word = Egyetlen szót könnyű kitalálni.
password-name = A neveket könnyű kitalálni.
password-keyboard = A billentyűzet egymás melletti gombjait könnyű kitalálni.
password-repeat = Az ismétlődéseket könnyű kitalálni.
password-sequence = Az olyan sorozatokat, mint az abc vagy a 6543, könnyű kitalálni.
password-date = A dátumokat és az évszámokat könnyű kitalálni.

password-more-words = Használjon több olyan szót, amelyeknek nincs közük egymáshoz.
password-few-tricks = A nagybetűk, a betűk helyére írt jelek és a visszafelé írt szavak keveset segítenek. A hosszabb jelszó jobb.
password-no-patterns = Kerülje az ismétlődéseket, a sorozatokat és a billentyűzet egymás melletti gombjait.
password-no-dates = Kerülje az Önhöz köthető dátumokat és évszámokat.
