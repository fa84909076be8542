/* Providers of mail, whose addresses belong to unrelated people: to block such a domain is hardly
 * ever meant. */
#include "domain/blocklist/name_internal.h"

#include <stdlib.h>

/* Sorted by bytes. */
static const char *const PROVIDERS[] = {
    /* clang-format off */
    "012.net.il", "10minutemail.com", "126.com", "139.com", "163.com", "189.cn", "1und1.de",
    "21cn.com", "a1.net", "abv.bg", "aim.com", "alice-dsl.de", "alice-dsl.net", "alice.de",
    "alice.it", "aliceadsl.fr", "aliyun.com", "ameritech.net", "anonaddy.com", "aol.co.uk",
    "aol.com", "aol.de", "aol.es", "aol.fr", "aol.it", "aol.nl", "aon.at", "apollo.lv", "arcor.de",
    "arnet.com.ar", "aruba.it", "atlas.cz", "att.net", "au.com", "autograf.pl", "autorambler.ru",
    "azet.sk", "bbox.fr", "bell.net", "bellsouth.net", "bezeqint.net", "biglobe.ne.jp",
    "bigmir.net", "bigpond.com", "bigpond.net.au", "bk.ru", "bluewin.ch", "blueyonder.co.uk",
    "bol.com.br", "bredband.net", "broadpark.no", "bsnl.in", "bt.com", "btinternet.com",
    "btopenworld.com", "buziaczek.pl", "cableone.net", "casema.nl", "cegetel.net", "centrum.cz",
    "centrum.sk", "centurylink.net", "centurytel.net", "charter.net", "chello.at", "chello.nl",
    "citromail.hu", "ciudad.com.ar", "clix.pt", "club-internet.fr", "cogeco.ca", "comcast.net",
    "comhem.se", "compuserve.com", "consultant.com", "cox.net", "ctemplar.com", "daum.net",
    "dir.bg", "disroot.org", "docomo.ne.jp", "dodo.com.au", "dr.com", "drei.at", "duck.com",
    "earthlink.net", "eastlink.ca", "eircom.net", "elisanet.fi", "email.com", "email.cz",
    "email.de", "email.it", "embarqmail.com", "engineer.com", "eunet.rs", "europe.com", "ewe.net",
    "ewetel.net", "excite.co.jp", "excite.com", "ezweb.ne.jp", "fastmail.com", "fastmail.fm",
    "fastwebnet.it", "fibertel.com.ar", "firemail.de", "forthnet.gr", "foxmail.com", "free.fr",
    "freemail.hu", "freenet.de", "frontier.com", "frontiernet.net", "gazeta.pl", "globo.com",
    "globomail.com", "gmail.com", "gmx.at", "gmx.biz", "gmx.ch", "gmx.co.uk", "gmx.com", "gmx.de",
    "gmx.es", "gmx.eu", "gmx.fr", "gmx.info", "gmx.it", "gmx.net", "gmx.org", "gmx.us", "go2.pl",
    "goo.jp", "googlemail.com", "guerrillamail.com", "hanmail.net", "hetnet.nl", "hey.com",
    "hinet.net", "hispeed.ch", "home.nl", "hot.ee", "hotmail.at", "hotmail.be", "hotmail.ca",
    "hotmail.ch", "hotmail.cl", "hotmail.co.jp", "hotmail.co.th", "hotmail.co.uk", "hotmail.com",
    "hotmail.com.ar", "hotmail.com.au", "hotmail.com.br", "hotmail.com.tr", "hotmail.de",
    "hotmail.dk", "hotmail.es", "hotmail.fi", "hotmail.fr", "hotmail.gr", "hotmail.hu",
    "hotmail.it", "hotmail.nl", "hotmail.no", "hotmail.se", "hushmail.com", "i.softbank.jp", "i.ua",
    "iafrica.com", "icloud.com", "ig.com.br", "iinet.net.au", "in.com", "in.gr", "inbox.com",
    "inbox.lt", "inbox.lv", "inbox.ru", "indamail.hu", "indiatimes.com", "inet.hr", "infoseek.jp",
    "inode.at", "int.pl", "interia.eu", "interia.pl", "internet.ru", "internode.on.net",
    "inwind.it", "iol.it", "iol.pt", "jubii.dk", "juno.com", "kabelmail.de", "kabsi.at",
    "kakao.com", "keemail.me", "kolumbus.fi", "korea.com", "kpnmail.nl", "kpnplanet.nl",
    "laposte.net", "legalmail.it", "lenta.ru", "libero.it", "list.ru", "live.at", "live.be",
    "live.ca", "live.cl", "live.cn", "live.co.uk", "live.co.za", "live.com", "live.com.ar",
    "live.com.au", "live.com.mx", "live.com.pt", "live.de", "live.dk", "live.fr", "live.ie",
    "live.in", "live.it", "live.jp", "live.nl", "live.no", "live.ru", "live.se", "liwest.at",
    "luukku.com", "lycos.com", "lycos.de", "mac.com", "magenta.de", "mail.bg", "mail.com",
    "mail.de", "mail.dk", "mail.ee", "mail.pt", "mail.ru", "mailbox.org", "mailfence.com",
    "mailinator.com", "me.com", "mediacombb.net", "meta.ua", "mindspring.com", "movistar.es",
    "mozmail.com", "msn.com", "mts.net", "mweb.co.za", "mynet.com", "mynet.com.tr", "myyahoo.com",
    "nate.com", "naver.com", "net.hr", "netcabo.pt", "netcologne.de", "netscape.net",
    "netvigator.com", "netvision.net.il", "netzero.com", "netzero.net", "neuf.fr", "nifty.com",
    "ntlworld.com", "numericable.fr", "o2.co.uk", "o2.pl", "o2mail.de", "o2online.de", "ocn.ne.jp",
    "ofir.dk", "oi.com.br", "one.lt", "onet.eu", "onet.pl", "online.de", "online.nl", "online.no",
    "ono.com", "op.pl", "open.telekom.rs", "optimum.net", "optonline.net", "optusnet.com.au",
    "orange.es", "orange.fr", "otenet.gr", "outlook.at", "outlook.be", "outlook.cl",
    "outlook.co.id", "outlook.co.th", "outlook.com", "outlook.com.ar", "outlook.com.au",
    "outlook.com.br", "outlook.com.gr", "outlook.com.tr", "outlook.com.vn", "outlook.cz",
    "outlook.de", "outlook.dk", "outlook.es", "outlook.fr", "outlook.hu", "outlook.ie",
    "outlook.in", "outlook.it", "outlook.jp", "outlook.kr", "outlook.lv", "outlook.my",
    "outlook.ph", "outlook.pt", "outlook.sa", "outlook.sg", "outlook.sk", "ozemail.com.au",
    "pacbell.net", "pacific.net.sg", "passagen.se", "passport.com", "pchome.com.tw", "pec.it",
    "peoplepc.com", "plala.or.jp", "planet.nl", "plus.net", "plusnet.com", "pm.me", "poczta.fm",
    "poczta.onet.pl", "post.com", "post.cz", "post.sk", "poste.it", "posteo.de", "posteo.eu",
    "posteo.net", "posteo.org", "pp.inet.fi", "privaterelay.appleid.com", "prodigy.net",
    "prodigy.net.mx", "proton.me", "protonmail.ch", "protonmail.com", "proximus.be", "q.com",
    "qq.com", "quick.cz", "quicknet.nl", "r7.com", "rambler.ru", "rediff.com", "rediffmail.com",
    "relay.firefox.com", "riseup.net", "ro.ru", "roadrunner.com", "rocketmail.com", "rogers.com",
    "rr.com", "runbox.com", "sapo.pt", "sasktel.net", "saunalahti.fi", "sbcglobal.net",
    "scarlet.be", "seed.net.tw", "seznam.cz", "sfr.fr", "shaw.ca", "sify.com", "simnet.is",
    "simplelogin.com", "sina.cn", "sina.com", "singnet.com.sg", "siol.net", "skiff.com", "sky.com",
    "skynet.be", "slingshot.co.nz", "so-net.ne.jp", "softbank.ne.jp", "sohu.com", "solcon.nl",
    "spectrum.net", "speedy.com.ar", "spoko.pl", "spray.se", "startmail.com", "stofanet.dk",
    "suddenlink.net", "sunrise.ch", "suomi24.fi", "superonline.com", "swbell.net", "swissonline.ch",
    "sympatico.ca", "t-online.de", "t-online.hu", "talktalk.net", "tdc.dk", "tele2.nl", "tele2.se",
    "telefonica.net", "telekom.de", "telenet.be", "telia.com", "telia.se", "telkomsa.net",
    "telus.net", "temp-mail.org", "terra.com", "terra.com.br", "terra.es", "tim.it", "tin.it",
    "tiscali.co.uk", "tiscali.it", "tlen.pl", "tom.com", "tpg.com.au", "trashmail.com",
    "ttmail.com", "tut.by", "tuta.com", "tuta.io", "tutamail.com", "tutanota.com", "tutanota.de",
    "twc.com", "ukr.net", "une.net.co", "unitybox.de", "uol.com.br", "upcmail.nl", "usa.com",
    "utanet.at", "verizon.net", "versatel.nl", "videotron.ca", "vip.163.com", "vip.hr",
    "vip.qq.com", "vip.sina.com", "vipmail.hu", "virgilio.it", "virgin.net", "virginmedia.com",
    "vodafone.de", "vodafone.it", "vodafonemail.de", "vodamail.co.za", "voila.fr", "volja.net",
    "volny.cz", "vp.pl", "vsnl.net", "vtr.net", "walla.co.il", "walla.com", "wanadoo.fr", "web.de",
    "webmail.co.za", "westnet.com.au", "windowslive.com", "windstream.net", "wo.cn", "wowway.com",
    "wp.pl", "xs4all.nl", "xtra.co.nz", "ya.com", "ya.ru", "yahoo.at", "yahoo.be", "yahoo.ca",
    "yahoo.cl", "yahoo.co.id", "yahoo.co.in", "yahoo.co.jp", "yahoo.co.kr", "yahoo.co.nz",
    "yahoo.co.th", "yahoo.co.uk", "yahoo.co.za", "yahoo.com", "yahoo.com.ar", "yahoo.com.au",
    "yahoo.com.br", "yahoo.com.cn", "yahoo.com.co", "yahoo.com.hk", "yahoo.com.mx", "yahoo.com.my",
    "yahoo.com.pe", "yahoo.com.ph", "yahoo.com.sg", "yahoo.com.tr", "yahoo.com.tw", "yahoo.com.ve",
    "yahoo.com.vn", "yahoo.cz", "yahoo.de", "yahoo.dk", "yahoo.es", "yahoo.fi", "yahoo.fr",
    "yahoo.gr", "yahoo.hu", "yahoo.ie", "yahoo.in", "yahoo.it", "yahoo.nl", "yahoo.no", "yahoo.pl",
    "yahoo.pt", "yahoo.ro", "yahoo.se", "yandex.by", "yandex.com", "yandex.kz", "yandex.ru",
    "yandex.ua", "ybb.ne.jp", "yeah.net", "ymail.com", "yopmail.com", "youmail.dk", "zahav.net.il",
    "ziggo.nl", "zipmail.com.br", "zoho.com", "zohomail.com", "zohomail.eu", "zonnet.nl",
    "zoznam.sk",
    /* clang-format on */
};

static int compare(const void *key, const void *item)
{
    return strcmp(key, *(const char *const *)item);
}

bool lb_name_is_mail_provider(const char *host)
{
    return bsearch(host, PROVIDERS, sizeof PROVIDERS / sizeof *PROVIDERS, sizeof *PROVIDERS,
                   compare);
}
