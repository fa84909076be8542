#include "import/heading_words.h"

#include <stddef.h>

const char *const lb_heading_others[] = {
    /* English */
    "company", "companies", "organisation", "organization", "org", "employer", "account",
    "business", "school", "university", "owner", "referrer", "referer", "referred", "referral",
    "manager", "recruiter", "assigned", "assignee", "created by", "added by", "updated by",
    "modified by", "invited by", "introduced by", "sent by", "sender", "our", "rep", "sdr", "bdr",
    "colleague", "agent", "parent", "connected by", "contacted by", "from profile", "from url",
    "from link", "from linkedin url", "owners", "senders", "salesperson", "csm", "responsible",
    "supervisor", "mutual", "teammate", "coworker", "introducer",
    /* German */
    "firma", "unternehmen", "arbeitgeber", "besitzer", "besitzerin", "eigentümer", "eigentümerin",
    "inhaber", "inhaberin", "kontaktinhaber", "kontaktinhaberin", "kontakteigentümer",
    "leadinhaber", "leadinhaberin", "accountinhaber", "accountinhaberin", "opportunityinhaber",
    "dealinhaber", "leadeigentümer", "accounteigentümer", "kontaktbesitzer", "leadbesitzer",
    "zuständig", "zuständiger", "zugewiesen", "betreut von", "erstellt von", "angelegt von",
    "empfohlen von", "empfohlen durch", "vorgesetzter", "unser", "unsere", "kollege", "vertriebler",
    "absender", "eingeladen von", "kontaktiert von", "verwaltet von", "bearbeitet von",
    "hinzugefügt von", "vermittelt von", "geworben von", "importiert von", "vertriebsmitarbeiter",
    "vermittler",
    /* French */
    "entreprise", "société", "societe", "employeur", "organisme", "propriétaire", "proprietaire",
    "responsable", "recruteur", "attribué", "attribue", "assigné", "créé par", "cree par",
    "ajouté par", "recommandé par", "notre", "nos", "commercial", "parrain", "expéditeur",
    "expediteur", "invité par", "vendeur", "référent", "raison sociale",
    /* Spanish */
    "empresa", "compañía", "compania", "organización", "organizacion", "propietario", "gerente",
    "reclutador", "asignado", "creado por", "añadido por", "referido por", "recomendado por",
    "nuestro", "nuestra", "comercial", "remitente", "invitado por", "gestionado por",
    "agregado por", "vendedor", "ejecutivo de cuenta", "ejecutivo de ventas", "razón social",
    "razon social",
    /* Portuguese */
    "companhia", "organização", "organizacao", "proprietário", "proprietario", "responsável",
    "responsavel", "recrutador", "atribuído", "atribuido", "criado por", "adicionado por",
    "indicado por", "nosso", "nossa", "gestor", "remetente", "convidado por", "gerido por",
    "cadastrado por", "executivo de contas", "executivo de vendas", "razão social", "razao social",
    /* Italian */
    "azienda", "società", "societa", "organizzazione", "responsabile", "selezionatore", "assegnato",
    "creato da", "aggiunto da", "segnalato da", "nostro", "nostra", "referente", "mittente",
    "invitato da", "gestito da", "inserito da", "presentato da", "venditore", "ragione sociale",
    /* Dutch */
    "bedrijf", "organisatie", "werkgever", "eigenaar", "contacteigenaar", "leadeigenaar",
    "accounteigenaar", "dealeigenaar", "toegewezen", "gemaakt door", "aangemaakt door",
    "toegevoegd door", "doorverwezen door", "aanbevolen door", "onze", "ons", "accountmanager",
    "afzender", "uitgenodigd door", "vertegenwoordiger", "verkoper",
    /* Polish */
    "przedsiębiorstwo", "organizacja", "pracodawca", "właściciel", "opiekun", "kierownik",
    "rekruter", "przypisany", "utworzone przez", "dodane przez", "polecony przez", "nasz", "nasza",
    "nadawca", "zaproszony przez", "handlowiec",
    /* Swedish, Danish, Norwegian; Finnish; Turkish; Czech; Hungarian; Romanian */
    "ägare", "kontaktägare", "leadägare", "kontoägare", "affärsägare", "skapad av", "skapat av",
    "tillagd av", "ejer", "kontaktejer", "leadejer", "kontoejer", "kundeemneejer", "oprettet af",
    "tilføjet af", "eier", "kontakteier", "leadeier", "kontoeier", "kundeemneeier", "opprettet av",
    "lagt til av", "omistaja", "avsändare", "säljare", "afsender", "sælger", "avsender", "selger",
    "lähettäjä", "myyjä", "sahibi", "gönderen", "sorumlu", "sorumlusu", "temsilci", "temsilcisi",
    "ekleyen", "oluşturan", "vlastník", "majitel", "odesílatel", "obchodník", "tulajdonos",
    "feladó", "felelős", "proprietar", "expeditor", "responsabil", NULL};

const char *const lb_heading_others_ends[] = {
    /* German */
    "betreuer", "betreuerin", "bearbeiter", "bearbeiterin", "verantwortlich", "verantwortliche",
    "verantwortlicher",
    /* Dutch; Swedish, Danish, Norwegian; Finnish */
    "beheerder", "verantwoordelijke", "ansvarig", "ansvarlig", "vastuuhenkilö", NULL};

const char *const lb_heading_by[] = {
    /* English; French; Dutch, Polish */
    "by", "par", "door", "przez",
    /* Swedish, Danish */
    "av", "af", NULL};

const char *const lb_heading_by_at_end[] = {
    /* German; Spanish, Portuguese; Italian */
    "von", "durch", "por", "da", NULL};

const char *const lb_heading_not_by[] = {
    /* E-mail addresses and numbers */
    "email", "emails", "mail", "mails", "courriel", "correo", "phone", "phones", "mobile", "cell",
    "tel", "telephone", "téléphone", "telefon", "telefono", "teléfono", "telefone", "telefoon",
    "handy", "mobil", "mobiel", "móvil", "celular", "cellulare", "gsm", "portable", "fixe", "dial",
    "whatsapp", "puhelin", "number", "nummer", "numéro", "número", "numero", "domain", "domains",
    "website",
    /* People */
    "contact", "contacts", "kontakt", "kontakte", "contatto", "contacto", "contato", "lead",
    "leads", "person", "people", "persona", "personne", "prospect", "prospects", "candidate",
    "customer", "client", "kunde", "kunden", "cliente", "klant", "klient", "name", "names", "namn",
    "navn", "naam", "nom", "nome", "nombre", "vorname", "nachname", NULL};

const char *const lb_heading_others_anywhere[] = {
    /* Japanese, Chinese, Korean */
    "会社", "企業", "所有者", "担当者", "営業担当", "担当営業", "紹介者", "作成者", "登録者",
    "送信者", "公司", "负责人", "发件人", "业务员", "销售代表", "推荐人", "介绍人", "创建人",
    "회사", "소유자", "발신자", "추천인", "작성자",
    /* Arabic, Russian */
    "شركة", "المالك", "компания", "владелец", "ответственный", "отправитель", "менеджер", NULL};

const char *const lb_heading_stops[] = {
    /* English */
    "block", "be blocked", "remove", "be removed", "exclude", "be excluded", "unsubscribe", "stop",
    "not contact", "not be contacted", "not write", "never contact", "never write",
    /* German */
    "sperren", "gesperrt werden", "entfernen", "entfernt werden", "ausschliessen",
    "nicht kontaktieren", "nicht mehr", "nicht anschreiben", "sperrenden", "sperrende",
    /* French */
    "bloquer", "retirer", "supprimer", "exclure", "ne plus", "pas contacter", "plus contacter",
    /* Spanish, Portuguese, Italian */
    "bloquear", "eliminar", "excluir", "no contactar", "no debe", "no debemos", "remover",
    "não contactar", "não contatar", "não deve", "bloccare", "rimuovere", "escludere",
    "non contattare", "non deve",
    /* Dutch, Polish */
    "blokkeren", "verwijderen", "uitsluiten", "niet benaderen", "niet contacteren", "niet meer",
    "zablokować", "usunąć", "wykluczyć", NULL};

const char *const lb_heading_examples[] = {
    /* English */
    "e g", "eg", "example", "such as", "look like", "looks like", "format",
    /* German, French */
    "z b", "zb", "beispiel", "beispielsweise", "p ex", "ex", "exemple",
    /* Spanish, Portuguese, Italian */
    "p ej", "ej", "ejemplo", "exemplo", "esempio",
    /* Dutch, Polish; others */
    "bijv", "bijvoorbeeld", "voorbeeld", "np", "przykład", "例", "например", NULL};

const char *const lb_heading_reasons[] = {
    /* Reasons: English, German, French, Spanish, Portuguese, Italian, Dutch, Polish, others */
    "reason", "reasons", "grund", "begründung", "motif", "raison", "motivo", "razón", "razon",
    "razão", "razao", "motivazione", "causale", "reden", "powód", "powod", "przyczyna", "理由",
    "原因", "причина", "السبب", "سبب",
    /* Notes: English */
    "note", "notes", "comment", "comments", "remark", "remarks",
    /* German */
    "notiz", "notizen", "bemerkung", "bemerkungen", "kommentar", "anmerkung", "anmerkungen",
    /* French */
    "remarque", "remarques", "commentaire", "commentaires",
    /* Spanish */
    "nota", "notas", "comentario", "comentarios", "observación", "observaciones",
    /* Portuguese */
    "comentário", "comentários", "observação", "observações", "justificativa",
    /* Italian */
    "commento", "commenti", "osservazioni",
    /* Dutch */
    "opmerking", "opmerkingen", "notitie", "notities",
    /* Polish */
    "uwaga", "uwagi", "notatka", "notatki", "komentarz",
    /* others */
    "備考", "メモ", "备注", "заметка", "комментарий", "ملاحظات", NULL};

const char *const lb_heading_identifiers[] = {
    /* English */
    "publicidentifier", "publicidentifiers", "publicid", "publicprofileid",
    "vanityname",       "profileslug",       NULL};

const char *const lb_heading_usernames[] = {
    /* English */
    "identifier", "username",
    /* German, French, Spanish, Portuguese, Italian, Dutch, Polish */
    "benutzername", "nutzername", "nomdutilisateur", "nombredeusuario", "nomedeusuário",
    "nomedeusuario", "nomeutente", "gebruikersnaam", "nazwaużytkownika",
    /* others */
    "ユーザー名", "用户名", "사용자이름", "اسمالمستخدم", "имяпользователя", NULL};

const char *const lb_heading_linkedin_names[] = {
    /* English */
    "name", "handle", "username", "user", "id", "ids", "identifier", "slug",
    /* German, French */
    "benutzername", "nutzername", "kennung", "identifiant", "pseudo", "nom",
    /* Spanish, Portuguese, Italian */
    "usuario", "nombre", "identificador", "usuário", "nome", "utente", "identificativo",
    /* Dutch, Polish */
    "gebruikersnaam", "naam", "użytkownik", "nazwa", "identyfikator", NULL};

const char *const lb_heading_linkedin_things[] = {
    /* English */
    "campaign", "campaigns", "group", "groups", "event", "events", "form", "ad", "ads", "creative",
    "audience", "segment", "job", "post", "article", "newsletter", "page", "message",
    "conversation", "thread", "invitation", "activity", "sequence", "step", "template", "list",
    "search", "folder", "project", "tag", "skill", "industry", "location", "geo", "webinar",
    /* German, French */
    "kampagne", "gruppe", "veranstaltung", "formular", "anzeige", "beitrag", "nachricht", "liste",
    "campagne", "groupe", "événement", "evenement", "formulaire", "annonce", "publication",
    /* Spanish, Portuguese, Italian */
    "campaña", "campana", "grupo", "evento", "formulario", "anuncio", "publicación", "lista",
    "campanha", "formulário", "anúncio", "publicação", "campagna", "gruppo", "modulo", "annuncio",
    /* Dutch, Polish */
    "groep", "formulier", "advertentie", "lijst", "kampania", "kampanii", "grupa", "grupy",
    "wydarzenie", NULL};

const char *const lb_heading_linkedin_persons[] = {
    /* English, and what programs put around names of fields */
    "of", "the", "to", "for", "your", "member", "person", "contact", "lead", "prospect",
    "candidate", "personal", "public", "sales", "navigator", "nav", "social", "c", "hs", "new",
    /* German */
    "von", "zum", "des", "der", "kontakt", "kontakts",
    /* French, Spanish, Portuguese, Italian */
    "de", "du", "del", "do", "di", "vers", "le", "la", "al", "para", "o", "contacto", "contato",
    "contatto", "persona", "personne",
    /* Dutch; Swedish, Danish, Norwegian */
    "naar", "van", "persoon", "till", "til", "för", "länk", "lenke", NULL};

const char *const lb_heading_spoken[] = {
    /* English */
    "first", "last", "full", "display", "given", "family", "middle",
    /* German, French */
    "vorname", "nachname", "vollständiger", "prénom", "famille", "complet",
    /* Spanish, Portuguese, Italian */
    "apellido", "apellidos", "completo", "sobrenome", "cognome",
    /* Dutch, Polish */
    "voornaam", "achternaam", "volledige", "imię", "nazwisko", NULL};

const char *const lb_heading_linkedin[] = {
    /* Latin; Japanese, Chinese, Korean */
    "linkedin", "リンクトイン", "リンクドイン", "领英", "領英", "링크드인",
    /* Arabic, Russian */
    "لينكدإن", "لينكد إن", "لينكدان", "линкедин", NULL};

const char *const lb_heading_profiles[] = {
    /* English; German, French; Spanish, Portuguese; Italian; Dutch */
    "profile", "profiles", "profil", "profils", "perfil", "perfiles", "perfis", "profilo",
    "profili", "profiel", "profielen",
    /* others */
    "プロフィール", "个人资料", "프로필", "профиль", NULL};

const char *const lb_heading_addresses[] = {
    /* English */
    "url", "urls", "link", "links", "address", "hyperlink", "profileurl", "profilelink", "web",
    "href", "uri",
    /* German, French */
    "profillink", "profilurl", "adresse", "verknüpfung", "lien", "liens",
    /* Spanish, Portuguese, Italian */
    "enlace", "enlaces", "dirección", "endereço", "collegamento", "indirizzo",
    /* Dutch, Polish */
    "koppeling", "adres", "odnośnik",
    /* others */
    "链接", "رابط", "ссылка", NULL};

const char *const lb_heading_ordinary[] = {
    /* English */
    "name", "firstname", "lastname", "fullname", "middlename", "givenname", "familyname", "surname",
    "displayname", "contact", "contactname", "person", "people", "email", "emailaddress", "mail",
    "phone", "phonenumber", "mobile", "telephone", "title", "jobtitle", "position", "headline",
    "occupation", "role", "city", "country", "location", "state", "region", "industry", "website",
    "status", "stage", "date", "createdat", "connectedon", "tags", "tag", "list", "source", "scope",
    "by", "id", "recordid", "memberid", "handle", "companyname", "seniority", "summary",
    "description", "connections",
    /* German */
    "vorname", "nachname", "familienname", "anrede", "emailadresse", "telefon", "telefonnummer",
    "handy", "mobil", "titel", "beruf", "funktion", "ort", "stadt", "land", "standort", "branche",
    "datum", "webseite", "kontakt", "ansprechpartner", "vollständigername",
    /* French */
    "nom", "prénom", "prenom", "nomcomplet", "nomdefamille", "courriel", "adresseemail",
    "téléphone", "poste", "fonction", "ville", "pays", "statut", "siteweb",
    /* Spanish */
    "nombre", "apellido", "apellidos", "nombrecompleto", "correo", "correoelectrónico",
    "correoelectronico", "teléfono", "cargo", "puesto", "ciudad", "país", "pais", "estado", "fecha",
    "contacto",
    /* Portuguese */
    "nome", "sobrenome", "apelido", "nomecompleto", "telefone", "celular", "cidade", "data",
    "contato",
    /* Italian */
    "cognome", "nomecognome", "posta", "telefono", "cellulare", "ruolo", "città", "citta", "paese",
    "stato", "contatto", "nominativo",
    /* Dutch */
    "naam", "voornaam", "achternaam", "volledigenaam", "emailadres", "telefoon", "functie",
    "plaats", "stad", "woonplaats",
    /* Polish */
    "imię", "imie", "nazwisko", "imięinazwisko", "imieinazwisko", "stanowisko", "miasto", "kraj",
    /* others */
    "名前", "氏名", "会社名", "役職", "メール", "姓名", "이름", "الاسم", "имя", "фамилия", NULL};

const char *const lb_heading_people[] = {
    "names", "contacts", "persons", "people", "namen", "kontakte", "personen", "noms", "personnes",
    "nombres", "contactos", "personas", "nomes", "contatos", "pessoas", "nomi", "contatti",
    "persone", "contacten", "osoby", "kontakty",
    /* Swedish, Danish, Norwegian; Finnish; Turkish; Czech; Hungarian; Romanian; Russian */
    "namn", "navn", "nimi", "isim", "jméno", "név", "nume", "имена", NULL};

const char *const lb_heading_things[] = {
    "firstnames", "lastnames", "cities", "town", "towns", "countries", "product", "products",
    "brand", "brands", "category", "department", "street", "zipcode", "postcode", "keyword",
    "keywords",
    /* German, French */
    "vornamen", "nachnamen", "städte", "staedte", "orte", "wohnort", "länder", "produkt",
    "produkte", "marke", "marken", "abteilung", "kategorie", "plz", "prénoms", "prenoms", "villes",
    "produit", "produits", "marque", "marques", "région",
    /* Spanish, Portuguese, Italian */
    "ciudades", "países", "paises", "producto", "productos", "marca", "marcas", "cidades",
    "produto", "produtos", "cognomi", "prodotto", "prodotti",
    /* Dutch, Polish */
    "steden", "producten", "imiona", "nazwiska", "miasta", "produkty",
    /* Swedish, Danish, Norwegian; Finnish; Turkish; Czech; Hungarian; Romanian */
    "förnamn", "efternamn", "företag", "kunder", "städer", "fornavn", "etternavn", "byer",
    "etunimi", "sukunimi", "kaupunki", "yritys", "asiakas", "soyad", "şehir", "ürün", "şirket",
    "müşteri", "müşteriler", "příjmení", "město", "zákazník", "város", "cég", "prenume", "oraș",
    "companie",
    /* others */
    "都市", "商品", "製品", "城市", "产品", "도시", "제품", "المدينة", "المنتج", "город", "города",
    "товар", "продукт", NULL};

const char *const lb_heading_first_names[] = {
    "firstname",    "givenname", "forename", "vorname", "prénom", "prenom", "primeronombre",
    "primeironome", "voornaam",  "imię",     "imie",    "имя",    "名",     NULL};

const char *const lb_heading_last_names[] = {
    "lastname", "surname",      "familyname", "secondname", "nachname",  "familienname",
    "zuname",   "nomdefamille", "apellido",   "apellidos",  "sobrenome", "apelido",
    "cognome",  "achternaam",   "nazwisko",   "фамилия",    "姓",        NULL};

const char *const lb_heading_companies[] = {
    /* English */
    "company", "companyname", "currentcompany", "currentcompanyname", "organization",
    "organisation", "organizationname", "organisationname", "employer", "account", "accountname",
    /* German, French */
    "firma", "firmenname", "unternehmen", "arbeitgeber", "entreprise", "société", "societe",
    "employeur",
    /* Spanish, Portuguese, Italian */
    "empresa", "compañía", "compania", "companhia", "azienda", "società", "societa",
    /* Dutch, Polish */
    "bedrijf", "bedrijfsnaam", "werkgever", "przedsiębiorstwo", "pracodawca",
    /* others */
    "会社", "会社名", "公司", "회사", "شركة", "компания", NULL};

const char *const lb_heading_emails[] = {"email",
                                         "emailaddress",
                                         "mail",
                                         "mailaddress",
                                         "workemail",
                                         "emailadresse",
                                         "mailadresse",
                                         "courriel",
                                         "adresseemail",
                                         "adressemail",
                                         "correo",
                                         "correoelectrónico",
                                         "correoelectronico",
                                         "emailadres",
                                         "adresemail",
                                         "メール",
                                         "メールアドレス",
                                         "почта",
                                         "邮箱",
                                         NULL};

const char *const lb_heading_phones[] = {
    "phone",     "phonenumber",    "mobile",        "mobilephone", "mobilenumber", "telephone",
    "tel",       "telefon",        "telefonnummer", "handy",       "handynummer",  "mobil",
    "téléphone", "teléfono",       "telefono",      "telefone",    "celular",      "cellulare",
    "telefoon",  "telefoonnummer", "電話",          "电话",        "телефон",      NULL};

const char *const lb_heading_member_ids[] = {"memberid", "linkedinmemberid", NULL};

const char *const lb_heading_first_or_full_names[] = {"nombre", "nome", NULL};

const char *const lb_heading_last_or_full_names[] = {"name", "nom", "naam", NULL};

const char *const lb_heading_more_emails[] = {
    /* English, as CRMs and address books export them */
    "emails", "email1", "email2", "email3", "email1value", "emailcomercial", "emailcommercial",
    "email2value", "email3value", "primaryemail", "secondaryemail", "businessemail", "companyemail",
    "personalemail", "privateemail", "homeemail", "otheremail", "additionalemailaddresses",
    "emailwork", "emailhome", "email2address", "email3address", "contactemail", "emailid",
    /* German, French */
    "emailgeschäftlich", "geschäftlicheemail", "emailprivat", "privateemailadresse",
    "emailprofessionnel", "emailpro", "adresseélectronique", "adresseelectronique", "mél",
    /* Spanish, Portuguese, Italian */
    "direccióndecorreo", "direcciondecorreo", "direccióndecorreoelectrónico", "correos",
    "endereçodeemail", "enderecodeemail", "emailcorporativo", "indirizzoemail", "indirizzomail",
    "postaelettronica",
    /* Dutch, Polish */
    "mailadres", "zakelijkemail", "adresemailowy", "pocztaelektroniczna",
    /* others */
    "電子メール", "电子邮件", "电子邮箱", "电邮", "이메일", "البريدالإلكتروني", "البريد",
    "электроннаяпочта", "эпочта", NULL};

const char *const lb_heading_more_phones[] = {
    /* English, as CRMs and address books export them */
    "phones", "telefonecomercial", "teléfonocomercial", "telefonocomercial", "phone1", "phone2",
    "phone1value", "phone2value", "phonenumbers", "mobilephonenumber", "cell", "cellphone",
    "cellnumber", "cellular", "businessphone", "businessphone2", "workphone", "homephone",
    "homephone2", "otherphone", "primaryphone", "companyphone", "companymainphone", "directphone",
    "directdial", "workdirectphone", "corporatephone", "officephone", "contactphone",
    "telephonenumber", "telno", "phoneno", "mobileno", "whatsapp", "whatsappnumber",
    "whatsappphonenumber",
    /* German, French */
    "rufnummer", "telefonnr", "tel1", "tel2", "festnetz", "mobilnummer", "mobiltelefon",
    "mobilfunk", "telefongeschäftlich", "telefonmobil", "telefonprivat", "portable",
    "téléphoneportable", "telephoneportable", "téléphonefixe", "numérodetéléphone",
    "numerodetelephone", "téléphonemobile",
    /* Spanish, Portuguese, Italian */
    "móvil", "movil", "teléfonomóvil", "telefonomovil", "númerodeteléfono", "numerodetelefono",
    "telemóvel", "telemovel", "telefonecelular", "númerodetelefone", "numerodetelefone",
    "numeroditelefono", "telefonocellulare",
    /* Dutch, Polish */
    "mobielnummer", "mobiel", "gsm", "numertelefonu", "nrtelefonu", "komórka", "telefonkomórkowy",
    /* others */
    "電話番号", "携帯電話", "携帯", "电话号码", "手机", "手机号", "전화", "전화번호", "휴대폰",
    "الهاتف", "رقمالهاتف", "мобильный", "номертелефона", NULL};

const char *const lb_heading_more_companies[] = {
    /* English */
    "companies", "business", "businessname", "client", "clients", "clientname", "customer",
    "customers", "customername", "associatedcompany", "primaryassociatedcompany",
    "companynameforemails", "competitor", "competitors", "partner",
    /* German, French */
    "firmen", "kunde", "kunden", "kundenname", "unternehmensname", "organisationsname", "sociétés",
    "societes", "nomdelentreprise", "nomentreprise", "nomdelasociété", "nomdelasociete",
    "raisonsociale", "entreprises",
    /* Spanish, Portuguese, Italian */
    "empresas", "aziende", "nombredelaempresa", "nombreempresa", "razónsocial", "razonsocial",
    "cliente", "clientes", "nomedaempresa", "razãosocial", "razaosocial", "nomeazienda",
    "ragionesociale", "clienti",
    /* Dutch, Polish */
    "klant", "klanten", "klantnaam", "organisatie", "bedrijven", "nazwafirmy", "klient", "klienci",
    "firmy",
    /* others */
    "企業", "企業名", "取引先", "公司名称", "公司名", "客户", "회사명", "고객", "اسمالشركة",
    "العميل", "организация", "клиент", NULL};

const char *const lb_heading_customers[] = {
    /* English */
    "account", "accountname", "client", "clients", "clientname", "customer", "customers",
    "customername", "competitor", "competitors", "partner",
    /* German; Spanish, Portuguese, Italian */
    "kunde", "kunden", "kundenname", "cliente", "clientes", "clienti",
    /* Dutch, Polish */
    "klant", "klanten", "klantnaam", "klient", "klienci",
    /* others */
    "取引先", "客户", "고객", "العميل", "клиент", NULL};

const char *const lb_heading_full_names[] = {
    /* English */
    "fullname", "contact", "contactname", "contactfullname", "contactperson", "displayname",
    "person", "personname", "people", "leadname", "prospectname", "candidatename",
    /* German, French */
    "ansprechpartner", "ansprechpartnerin", "kontakt", "kontaktperson", "vollständigername",
    "vornamenachname", "nachnamevorname", "nomcomplet", "nometprénom", "nometprenom", "nomprénom",
    "nomprenom", "prénomnom", "prenomnom",
    /* Spanish, Portuguese, Italian */
    "nombrecompleto", "nombreyapellido", "nombreyapellidos", "contacto", "personadecontacto",
    "nomecompleto", "contato", "nomecognome", "nomeecognome", "nominativo", "contatto",
    /* Dutch, Polish */
    "volledigenaam", "contactpersoon", "imięinazwisko", "imieinazwisko",
    /* others */
    "氏名", "お名前", "姓名", "성명", "الاسمالكامل", "фио", "контактноелицо", NULL};

const char *const lb_heading_names[] = {
    /* English, German; French, Dutch; Spanish; Portuguese, Italian */
    "name", "nom", "naam", "nombre", "nome",
    /* others */
    "名前", "이름", "الاسم", NULL};

const char *const lb_heading_domains[] = {
    /* English */
    "domain", "domains", "domainname", "emaildomain", "companydomain", "companydomainname",
    "accountdomain", "website", "websites", "websiteurl", "companywebsite", "companysite", "site",
    "web", "webaddress", "webpage", "homepage", "url", "companywebsiteurl", "www",
    /* German, French */
    "domäne", "domaene", "webseite", "webadresse", "internetseite", "internet", "internetadresse",
    "domaine", "domaines", "nomdedomaine", "siteweb", "siteinternet", "adresseweb",
    /* Spanish, Portuguese, Italian */
    "dominio", "dominios", "sitioweb", "páginaweb", "paginaweb", "domínio", "domínios", "sítio",
    "página", "sito", "sitoweb", "sitointernet",
    /* Dutch, Polish */
    "domein", "domeinnaam", "webadres", "webstek", "domena", "strona", "stronawww",
    "stronainternetowa", "adreswww",
    /* others */
    "ドメイン", "ウェブサイト", "ホームページ", "域名", "网站", "网址", "도메인", "웹사이트",
    "홈페이지", "النطاق", "الموقع", "الموقعالإلكتروني", "домен", "сайт", "вебсайт", NULL};

const char *const lb_heading_company_pages[] = {
    /* English */
    "companylinkedin", "companylinkedinurl", "companylinkedinpage", "linkedincompanypage",
    "linkedincompanyurl", "linkedincompanyprofile", "companypage", "companyurl",
    "companyprofileurl", "accountlinkedinurl", "linkedincompanyid",
    /* German, French */
    "linkedinunternehmensseite", "unternehmensseite", "linkedinfirma", "pagelinkedin",
    "pageentreprise", "pagelinkedindelentreprise",
    /* Spanish, Portuguese, Italian */
    "linkedindelaempresa", "páginadeempresa", "linkedindaempresa", "linkedinazienda",
    "paginaaziendale",
    /* Dutch, Polish */
    "linkedinbedrijfspagina", "bedrijfspagina", "linkedinfirmy", NULL};

const char *const lb_heading_ends[] = {
    /* English */
    "expiresat", "expires", "blockeduntil", "until",
    /* German, French */
    "gesperrtbis", "bloquéjusquau", "bloquejusquau",
    /* Spanish, Portuguese, Italian */
    "bloqueadohasta", "bloqueadoaté", "bloccatofinoa",
    /* Dutch, Polish */
    "geblokkeerdtot", "zablokowanydo", NULL};

const char *const lb_heading_statuses[] = {
    /* English */
    "subscribed", "unsubscribed", "subscription", "subscriptionstatus", "optin", "optout",
    "optedin", "optedout", "emailoptout", "emailoptin", "hasoptedoutofemail", "donotcontact",
    "donotmail", "donotcall", "blocked", "consent", "gdprconsent",
    /* German, French */
    "abgemeldet", "angemeldet", "abonniert", "einwilligung", "désabonné", "desabonne", "abonné",
    "consentement",
    /* Spanish, Portuguese, Italian */
    "suscrito", "consentimiento", "inscrito", "cancelado", "iscritto", "disiscritto", "consenso",
    /* Dutch, Polish */
    "uitgeschreven", "ingeschreven", "zgoda", NULL};

const char *const lb_status_values[] = {
    /* English */
    "subscribed", "unsubscribed", "optin", "optout", "optedin", "optedout", "nonsubscribed",
    "neversubscribed", "cleaned",
    /* German, French */
    "abonniert", "abgemeldet", "angemeldet", "abonné", "désabonné", "inscrit", "désinscrit",
    /* Spanish, Portuguese, Italian */
    "suscrito", "nosuscrito", "inscrito", "descadastrado", "iscritto", "disiscritto",
    /* Dutch, Polish */
    "ingeschreven", "uitgeschreven", "zapisany", "wypisany", NULL};
