# The portal in English: short words, for a small telephone.
language-name = English

seconds = { $n ->
    [one] 1 second
   *[other] { $n } seconds
}
tries = { $n ->
    [one] 1 try
   *[other] { $n } tries
}
minutes = { $n ->
    [one] 1 minute
   *[other] { $n } minutes
}
hours = { $n ->
    [one] 1 hour
   *[other] { $n } hours
}
days = { $n ->
    [one] 1 day
   *[other] { $n } days
}
weeks = { $n ->
    [one] 1 week
   *[other] { $n } weeks
}
months = { $n ->
    [one] 1 month
   *[other] { $n } months
}
devices = { $n ->
    [one] 1 device
   *[other] { $n } devices
}
monday = Monday
tuesday = Tuesday
wednesday = Wednesday
thursday = Thursday
friday = Friday
saturday = Saturday
sunday = Sunday
speed = up to { $speed }
speed-unlimited = full speed
data-of = { $data } of data

home-title = Welcome
code-label = Voucher code or the phone number that bought it
code-hint = Capital and small letters matter
connect = Connect
plans-title = Prices
plans-none = Nothing is on sale here at the moment.
plans-how = To buy, ask { $isp } or one of its sellers for a voucher.
check-link = Check a voucher
terms-link = Terms
home-link = Back to the start
still-title = You still have a voucher
still-text = It is good on this phone until { $until }.
still-endless = It is good on this phone.
still-use = Use it now
wait-title = Please wait

buy-title = Buy with M-Pesa
buy-button = Buy
under-way-title = A payment is under way
under-way-text = This phone has begun to pay. See how it stands before you pay again.
under-way-see = See how it stands

nothing-typed = Type your voucher code or phone number.
not-a-code = This cannot be a voucher code: it has 4 to 32 letters and digits, and no signs.
too-many-tries = Too many wrong tries. Wait { $wait }, then try again.
in-use-way-out = Log out on the other device, or switch its Wi-Fi off and wait a few minutes. Then try again.
no-router = Your voucher is good. To use it, join the Wi-Fi and open this page from there.
old-page = This page was open for a long time. Please try once more.
again-link = Open the login page again
device-has-none = There is no voucher on this phone any more.

pay-title = Pay by M-Pesa
pay-number = M-Pesa phone number
pay-number-hint = For example 0712 345 678. M-Pesa asks for your PIN on that phone. Never type your PIN here.
pay-button = Pay { $price }
pay-another = Buy another for { $price }
pay-still = This number still has a voucher
pay-no-number = Type the phone number that pays.
pay-not-a-number = This is no phone number. Write it as 0712 345 678.
pay-busy = A payment is waiting on that phone already. Answer it, or wait { $wait } and try again.
pay-too-often = That phone was asked many times and nothing was paid. Try again in an hour, or pay from another phone.
pay-sending = Asking M-Pesa
pay-look = Look at your phone
pay-look-text = M-Pesa asks to pay { $price }. Type your PIN there.
pay-stays = You may close this page: when it is paid, this phone comes online by itself.
pay-unknown = M-Pesa did not say whether it has asked you. If you are asked, type your PIN. Do not pay twice: we keep looking.
pay-done = Paid. Thank you!
pay-done-text = You are being connected.
pay-done-join = To use it, join the Wi-Fi and open this page from there, or type the code.
pay-go = Connect now
pay-code = Your code:
pay-not-served = Paid, but not ready
pay-not-served-text = Your money has arrived, and something here has to be mended first. { $isp } has been told. Nothing is lost: do not pay again.
pay-failed = Nothing was paid
pay-failed-cancelled = The payment was cancelled on the phone.
pay-failed-wrong-pin = The PIN was wrong.
pay-failed-no-funds = There is not enough money in that M-Pesa account.
pay-failed-unreachable = That phone could not be reached. Is it on, with signal and its SIM in place?
pay-failed-busy = Another payment is open on that phone. Answer it first, or wait a minute.
pay-failed-expired = The question on the phone was not answered in time.
pay-failed-too-soon = M-Pesa takes the same amount again only after two minutes. Wait a little.
pay-failed-limit = M-Pesa has set a limit on that account, and it is reached. Pay from another phone.
pay-failed-gateway-busy = M-Pesa is very busy at the moment. Try again in a minute.
pay-failed-misconfigured = Payments are not set up well here. Please tell your provider; buy from a seller meanwhile.
pay-late = Should M-Pesa take the money all the same, you get what you paid for.
pay-again = Try again
pay-silent = No answer yet
pay-silent-text = M-Pesa has not said that you paid. We go on looking: if money was taken, you get what you paid for.
pay-silent-help = If it takes long, give { $isp } the code in M-Pesa's message.
pay-reversed = The money went back
pay-reversed-text = This payment was given back to you. If you did not expect that, ask { $isp }.
lost-link = Lost your code?
lost-title = Lost your code?
lost-text = Type the number that bought the voucher. Its codes are sent to that phone in a message. They are never shown here.
lost-number = Phone number that bought it
lost-button = Send my codes
lost-done = If that number has vouchers that are still good, their codes are on the way to it. It can take a minute.
lost-too-often = This was asked for too often. Wait { $wait }, then try again.
lost-no-messages = { $isp } sends no messages. Log in with the number that bought the voucher, or ask { $isp } for your code.
purchases-title = What my number has bought
purchases-text = To keep others from looking, a code of some digits is sent to the number in a message.
purchases-send = Send me a code
purchases-code-text = If that number has bought something here, a code is on its way to it. It is good for ten minutes.
purchases-code = The code in the message
purchases-show = Show my purchases
purchases-wrong = That is not the code. { $left } left.
purchases-gone = That code is good no more. Ask for another.
purchases-none = Nothing was bought with this number.
purchases-paid = Paid. Voucher ending in { $ending }
purchases-no-messages = { $isp } sends no messages, so this cannot be shown. Ask { $isp }.
row-price = Price
gone-title = Not on sale
gone-text = This cannot be bought here at the moment. Go back to the start and choose again.

check-title = Check a voucher
check-text = See what is left. Checking does not start or use the voucher.
check-button = Check
check-number-private = To keep others from looking, what a number has bought is shown only on a phone that has used it. Type the code, or log in with the number.
check-number-none = Nothing that this number has bought was used on this phone.
row-voucher = Voucher ending in { $ending }
state-good = Good
state-waits = Not started: its time begins when you first use it
row-plan = Plan
row-speed = Speed
row-left = Time left
row-ends = Ends
row-data = Data left
row-devices = Devices now
devices-of = { $taken } of { $cap }

status-title = You are connected
status-plain = You can use the internet now.
status-none = This phone is not known to be online. If you have just logged in, wait a moment and open this page again.
status-again = Look again
go-on = Go on to { $host }
log-out = Log out

terms-title = Terms
terms-text = Use this Wi-Fi lawfully and with care for others. A voucher is for the time and the number of devices that it names, and cannot be paused. The provider, { $isp }, may end the service of who misuses it. What is kept: your device's address, your phone number where you gave it, and when and how much was used.

not-found-title = Page not found
not-found-text = There is no such page here.
fault-title = Something is wrong on our side
fault-text = Please try again in a moment. If it goes on, tell your provider.

router-no-answer = The network did not answer. Please try again in a moment.
router-busy = Your login is on its way. Please wait a moment.
router-other = The login did not work. Please try again.

refusal-unknown = Code or number not found: check it and try again.
refusal-wrong-case = Code not found as typed: check capital and small letters and try again.
refusal-wrong-password = Wrong password: check it and try again.
refusal-no-proof = The login came without a password: ask your provider.
refusal-expired = Expired: your time is over, buy again to go on.
refusal-not-sold = This card has not been sold yet: ask the seller to activate it.
refusal-past-sell-by = Expired: this card was not used before its last day, ask the seller for another.
refusal-revoked = This code was cancelled: ask your provider.
refusal-suspended = Your service is suspended: contact your provider.
refusal-data-used-up = Your data is used up: buy more to go on.
refusal-data-used-up-today = Your data for today is used up: it begins anew at midnight.
refusal-data-used-up-this-week = Your data for this week is used up: it begins anew on Monday at midnight.
refusal-data-used-up-this-month = Your data for this month is used up: it begins anew on the first of next month.
refusal-already-in-use = This voucher is already in use on another device.
refusal-wrong-service = This login is for another kind of service: ask your provider.
refusal-too-many-tries = Too many wrong tries: wait a minute, then try again.
refusal-device-blocked = This device is blocked here: use another, or ask your provider.
