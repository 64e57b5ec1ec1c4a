# Ukurasa wa kuingia kwa Kiswahili: maneno mafupi, kwa simu ndogo.
language-name = Kiswahili

seconds = sekunde { $n }
tries = majaribio { $n }
minutes = dakika { $n }
hours = saa { $n }
days = siku { $n }
weeks = wiki { $n }
months = { $n ->
    [one] mwezi 1
   *[other] miezi { $n }
}
devices = { $n ->
    [one] kifaa 1
   *[other] vifaa { $n }
}
monday = Jumatatu
tuesday = Jumanne
wednesday = Jumatano
thursday = Alhamisi
friday = Ijumaa
saturday = Jumamosi
sunday = Jumapili
speed = hadi { $speed }
speed-unlimited = kasi kamili
data-of = data { $data }

home-title = Karibu
code-label = Kodi ya vocha au nambari ya simu iliyonunua
code-hint = Herufi kubwa na ndogo ni tofauti
connect = Unganisha
plans-title = Bei
plans-none = Hakuna kinachouzwa hapa kwa sasa.
plans-how = Ili kununua, omba vocha kwa { $isp } au kwa muuzaji wake.
check-link = Angalia vocha
terms-link = Masharti
home-link = Rudi mwanzo
still-title = Bado una vocha
still-text = Inatumika kwenye simu hii hadi { $until }.
still-endless = Inatumika kwenye simu hii.
still-use = Itumie sasa
wait-title = Tafadhali subiri

buy-title = Nunua kwa M-Pesa
buy-button = Nunua
under-way-title = Kuna malipo yanayoendelea
under-way-text = Simu hii imeanza kulipa. Angalia yalipofikia kabla ya kulipa tena.
under-way-see = Angalia yalipofikia

nothing-typed = Andika kodi ya vocha au nambari ya simu.
not-a-code = Hii haiwezi kuwa kodi ya vocha: ina herufi na tarakimu 4 hadi 32, bila alama.
too-many-tries = Umekosea mara nyingi. Subiri { $wait }, kisha jaribu tena.
in-use-way-out = Toka kwenye kifaa kile kingine, au zima Wi-Fi yake na usubiri dakika chache. Kisha jaribu tena.
no-router = Vocha yako ni sawa. Ili kuitumia, jiunge na Wi-Fi na ufungue ukurasa huu kutoka hapo.
old-page = Ukurasa huu umekaa wazi kwa muda mrefu. Tafadhali jaribu mara nyingine.
again-link = Fungua ukurasa wa kuingia tena
device-has-none = Hakuna tena vocha kwenye simu hii.

pay-title = Lipa kwa M-Pesa
pay-number = Nambari ya simu ya M-Pesa
pay-number-hint = Kwa mfano 0712 345 678. M-Pesa itakuuliza PIN kwenye simu hiyo. Usiandike PIN yako hapa kamwe.
pay-button = Lipa { $price }
pay-another = Nunua nyingine kwa { $price }
pay-still = Nambari hii bado ina vocha
pay-no-number = Andika nambari ya simu inayolipa.
pay-not-a-number = Hii si nambari ya simu. Andika kama 0712 345 678.
pay-busy = Kuna malipo yanayosubiri kwenye simu hiyo tayari. Yajibu, au subiri { $wait } kisha ujaribu tena.
pay-too-often = Simu hiyo imeulizwa mara nyingi bila kulipwa. Jaribu tena baada ya saa moja, au lipa kwa simu nyingine.
pay-sending = Tunauliza M-Pesa
pay-look = Angalia simu yako
pay-look-text = M-Pesa inaomba ulipe { $price }. Andika PIN yako huko.
pay-stays = Unaweza kufunga ukurasa huu: ukishalipa, simu hii itaunganishwa yenyewe.
pay-unknown = M-Pesa haikusema kama imekuuliza. Ukiulizwa, andika PIN yako. Usilipe mara mbili: tunaendelea kuangalia.
pay-done = Imelipwa. Asante!
pay-done-text = Unaunganishwa.
pay-done-join = Ili kuitumia, jiunge na Wi-Fi na ufungue ukurasa huu ukiwa hapo, au andika kodi.
pay-go = Unganisha sasa
pay-code = Kodi wako:
pay-not-served = Imelipwa, bado haiko tayari
pay-not-served-text = Pesa zako zimefika, na kuna kitu hapa lazima kirekebishwe kwanza. { $isp } amejulishwa. Hakuna kilichopotea: usilipe tena.
pay-failed = Hakuna kilicholipwa
pay-failed-cancelled = Malipo yalighairiwa kwenye simu.
pay-failed-wrong-pin = PIN haikuwa sahihi.
pay-failed-no-funds = Hakuna pesa za kutosha kwenye akaunti hiyo ya M-Pesa.
pay-failed-unreachable = Simu hiyo haikupatikana. Je, imewashwa, ina mtandao na laini yake imo?
pay-failed-busy = Kuna malipo mengine yaliyo wazi kwenye simu hiyo. Yajibu kwanza, au subiri dakika moja.
pay-failed-expired = Swali kwenye simu halikujibiwa kwa wakati.
pay-failed-too-soon = M-Pesa inakubali kiasi kilekile tena baada ya dakika mbili tu. Subiri kidogo.
pay-failed-limit = M-Pesa imeweka kikomo kwenye akaunti hiyo, na kimefikiwa. Lipa kwa simu nyingine.
pay-failed-gateway-busy = M-Pesa ina shughuli nyingi kwa sasa. Jaribu tena baada ya dakika moja.
pay-failed-misconfigured = Malipo hayajawekwa vizuri hapa. Tafadhali mwambie mtoa huduma wako; kwa sasa nunua kwa muuzaji.
pay-late = M-Pesa ikichukua pesa hata hivyo, utapata ulicholipia.
pay-again = Jaribu tena
pay-silent = Bado hakuna jibu
pay-silent-text = M-Pesa haijasema kwamba umelipa. Tunaendelea kuangalia: ikiwa pesa zilichukuliwa, utapata ulicholipia.
pay-silent-help = Ikichukua muda mrefu, mpe { $isp } kodi ulio kwenye ujumbe wa M-Pesa.
pay-reversed = Pesa zimerudishwa
pay-reversed-text = Malipo haya yalirudishwa kwako. Kama hukutarajia hivyo, muulize { $isp }.
lost-link = Umepoteza kodi?
lost-title = Umepoteza kodi?
lost-text = Andika nambari iliyonunua vocha. Kodi zake zitatumwa kwa simu hiyo kwa ujumbe. Hazionyeshwi hapa kamwe.
lost-number = Nambari ya simu iliyonunua
lost-button = Nitumie kodi zangu
lost-done = Ikiwa nambari hiyo ina vocha ambazo bado ni nzuri, kodi zake ziko njiani. Inaweza kuchukua dakika moja.
lost-too-often = Imeombwa mara nyingi mno. Subiri { $wait }, kisha ujaribu tena.
lost-no-messages = { $isp } hatumi ujumbe. Ingia kwa nambari iliyonunua vocha, au muulize { $isp } kodi yako.
purchases-title = Nambari yangu ilinunua nini
purchases-text = Ili wengine wasione, kodi ya tarakimu itatumwa kwa nambari hiyo kwa ujumbe.
purchases-send = Nitumie kodi
purchases-code-text = Ikiwa nambari hiyo imenunua kitu hapa, kodi iko njiani. Ni nzuri kwa dakika kumi.
purchases-code = Kodi iliyo kwenye ujumbe
purchases-show = Onyesha nilichonunua
purchases-wrong = Hiyo si kodi. Yamebaki { $left }.
purchases-gone = Kodi hiyo haifai tena. Omba nyingine.
purchases-none = Hakuna kilichonunuliwa kwa nambari hii.
purchases-paid = Imelipwa. Vocha inayoishia { $ending }
purchases-no-messages = { $isp } hatumi ujumbe, kwa hivyo hii haiwezi kuonyeshwa. Muulize { $isp }.
row-price = Bei
gone-title = Haiuzwi
gone-text = Hii haiwezi kununuliwa hapa kwa sasa. Rudi mwanzo uchague tena.

check-title = Angalia vocha
check-text = Ona kilichobaki. Kuangalia hakuanzishi wala hakutumii vocha.
check-button = Angalia
check-number-private = Ili wengine wasione, kilichonunuliwa na nambari huonyeshwa tu kwenye simu iliyokitumia. Andika kodi, au ingia kwa nambari.
check-number-none = Hakuna kilichonunuliwa na nambari hii ambacho kimetumika kwenye simu hii.
row-voucher = Vocha inayoishia na { $ending }
state-good = Ni sawa
state-waits = Haijaanza: muda wake huanza utakapoitumia mara ya kwanza
row-plan = Kifurushi
row-speed = Kasi
row-left = Muda uliobaki
row-ends = Inaisha
row-data = Data iliyobaki
row-devices = Vifaa sasa
devices-of = { $taken } kati ya { $cap }

status-title = Umeunganishwa
status-plain = Unaweza kutumia intaneti sasa.
status-none = Simu hii haijulikani kuwa mtandaoni. Kama umeingia sasa hivi, subiri kidogo na ufungue ukurasa huu tena.
status-again = Angalia tena
go-on = Endelea kwa { $host }
log-out = Toka

terms-title = Masharti
terms-text = Tumia Wi-Fi hii kwa kufuata sheria na kwa kujali wengine. Vocha ni ya muda na idadi ya vifaa iliyotajwa, na haiwezi kusimamishwa. Mtoa huduma, { $isp }, anaweza kusitisha huduma ya anayeitumia vibaya. Kinachohifadhiwa: anwani ya kifaa chako, nambari yako ya simu kama uliitoa, na lini na kiasi gani kilitumika.

not-found-title = Ukurasa haupo
not-found-text = Hakuna ukurasa kama huo hapa.
fault-title = Kuna hitilafu upande wetu
fault-text = Tafadhali jaribu tena baada ya muda mfupi. Ikiendelea, mwambie mtoa huduma wako.

router-no-answer = Mtandao haukujibu. Tafadhali jaribu tena baada ya muda mfupi.
router-busy = Unaingizwa sasa. Tafadhali subiri kidogo.
router-other = Kuingia hakukufaulu. Tafadhali jaribu tena.

refusal-unknown = Kodi au nambari haikupatikana: iangalie na ujaribu tena.
refusal-wrong-case = Kodi haikupatikana kama ilivyoandikwa: angalia herufi kubwa na ndogo na ujaribu tena.
refusal-wrong-password = Nenosiri si sahihi: liangalie na ujaribu tena.
refusal-no-proof = Ombi la kuingia halikuwa na nenosiri: uliza mtoa huduma wako.
refusal-expired = Imeisha: muda wako umekwisha, nunua tena ili kuendelea.
refusal-not-sold = Kadi hii bado haijauzwa: mwombe muuzaji aiwashe.
refusal-past-sell-by = Imeisha: kadi hii haikutumika kabla ya siku yake ya mwisho, omba nyingine kwa muuzaji.
refusal-revoked = Kodi hii ilifutwa: uliza mtoa huduma wako.
refusal-suspended = Huduma yako imesimamishwa: wasiliana na mtoa huduma wako.
refusal-data-used-up = Data yako imeisha: nunua zaidi ili kuendelea.
refusal-data-used-up-today = Data yako ya leo imeisha: itaanza upya saa sita usiku.
refusal-data-used-up-this-week = Data yako ya wiki hii imeisha: itaanza upya Jumatatu saa sita usiku.
refusal-data-used-up-this-month = Data yako ya mwezi huu imeisha: itaanza upya tarehe moja mwezi ujao.
refusal-already-in-use = Vocha hii tayari inatumika kwenye kifaa kingine.
refusal-wrong-service = Kodi hii ni ya huduma nyingine: uliza mtoa huduma wako.
refusal-too-many-tries = Umekosea mara nyingi: subiri dakika moja, kisha jaribu tena.
refusal-device-blocked = Kifaa hiki kimezuiwa hapa: tumia kingine, au uliza mtoa huduma wako.
