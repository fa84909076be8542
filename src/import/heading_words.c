#include "import/heading_words.h"

#include <stddef.h>

const char *const lb_heading_others[] = {
    /* English */
    "company", "companies", "organisation", "organization", "org", "employer", "account",
    "business", "school", "university", "owner", "referrer", "referer", "referred", "referral",
    "manager", "recruiter", "assigned", "assignee", "created by", "added by", "updated by",
    "modified by", "invited by", "introduced by", "sent by", "sender", "our", "rep", "sdr", "bdr",
    "colleague", "agent", "parent",
    /* German */
    "firma", "unternehmen", "arbeitgeber", "besitzer", "eigentümer", "inhaber", "zuständig",
    "zuständiger", "zugewiesen", "betreuer", "betreut von", "bearbeiter", "erstellt von",
    "angelegt von", "empfohlen von", "empfohlen durch", "vorgesetzter", "unser", "unsere",
    "kollege", "vertriebler", "absender",
    /* French */
    "entreprise", "société", "societe", "employeur", "organisme", "propriétaire", "proprietaire",
    "responsable", "recruteur", "attribué", "attribue", "assigné", "créé par", "cree par",
    "ajouté par", "recommandé par", "notre", "nos", "commercial", "parrain",
    /* Spanish */
    "empresa", "compañía", "compania", "organización", "organizacion", "propietario", "gerente",
    "reclutador", "asignado", "creado por", "añadido por", "referido por", "recomendado por",
    "nuestro", "nuestra", "comercial",
    /* Portuguese */
    "companhia", "organização", "organizacao", "proprietário", "proprietario", "responsável",
    "responsavel", "recrutador", "atribuído", "atribuido", "criado por", "adicionado por",
    "indicado por", "nosso", "nossa", "gestor",
    /* Italian */
    "azienda", "società", "societa", "organizzazione", "responsabile", "selezionatore", "assegnato",
    "creato da", "aggiunto da", "segnalato da", "nostro", "nostra", "referente",
    /* Dutch */
    "bedrijf", "organisatie", "werkgever", "eigenaar", "toegewezen", "gemaakt door",
    "aangemaakt door", "toegevoegd door", "doorverwezen door", "aanbevolen door", "onze", "ons",
    "accountmanager", "verantwoordelijke",
    /* Polish */
    "przedsiębiorstwo", "organizacja", "pracodawca", "właściciel", "opiekun", "kierownik",
    "rekruter", "przypisany", "utworzone przez", "dodane przez", "polecony przez", "nasz", "nasza",
    NULL};

const char *const lb_heading_others_anywhere[] = {
    /* Japanese, Chinese, Korean */
    "会社", "企業", "所有者", "担当者", "紹介者", "公司", "负责人", "회사",
    /* Arabic, Russian */
    "شركة", "компания", "владелец", "ответственный", NULL};

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
    "publicidentifier", "publicidentifiers", "publicid", "publicprofileid", "identifier",
    "username", "vanityname", "profileslug",
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
