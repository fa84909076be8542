"""What settings of a campaign keep from being handed out, beside blocks: contacts of other campaigns
(skipContacted) and replies of colleagues (stopColleagues). A reply that blocks (blockOnReply) is a
block like others, see blocklists.py."""

from collections import defaultdict

from leases import accepted

CONTACTS = (2, 3)  # steps that are an invitation or a message; all that come and go are visits
REPLIES = ("replied", "opted_out")


def no_second_contact(facts, findings, campaign):
    """A campaign that skips whom others have contacted handed nothing out for a person after
    another campaign's invitation or message for the same person had certainly been handed out."""
    for grant, contact in second_contacts(facts, campaign):
        late = (grant.claim["sent"] - contact.claim["received"]) / 1e6
        findings.add(f"{findings.grant(grant)}, sent {late:.3f} ms after the answer that contacts: "
                     + findings.grant(contact))


def second_contacts(facts, campaign):
    if not skips(facts, campaign):
        return
    contacts = _contacts_by_name(facts)
    for grant in facts.grants:
        if grant.claim["campaign"] != campaign:
            continue
        for name in facts.certain_names(grant, grant.claim["sent"]):
            contact = next((each for each in contacts.get(name, ())
                            if _counts_for(facts, each, grant)), None)
            if contact:
                yield grant, contact
                break


def skips(facts, campaign):
    return bool(facts.settings.get(campaign, {}).get("skipContacted"))


def _contacts_by_name(facts):
    """name -> hand-outs of invitations and messages, by all names that are certainly the person's."""
    contacts = defaultdict(list)
    for grant in facts.grants:
        if grant.order in CONTACTS:
            for name in facts.certain_names(grant, grant.claim["sent"]):
                contacts[name].append(grant)
    return contacts


def _counts_for(facts, contact, grant):
    """Was it another campaign's, certainly over before the claim was sent, and not reported failed
    by then? A report that gives back for the last time fails."""
    return (contact.claim["campaign"] != grant.claim["campaign"]
            and contact.claim["received"] < grant.claim["sent"]
            and not any(event["result"] in ("failed", "retry") and accepted(event)
                        and event["sent"] < grant.claim["received"]
                        for other in facts.grants_as[contact.activity]
                        for event in facts.completes_for(other)))


def may_be_skipped(facts, campaign, names):
    """May another campaign have contacted this person?"""
    return any(grant.claim["campaign"] != campaign for name in names
               for grant in facts.contacts.get(name, ()))


def no_colleague(facts, findings, campaign):
    """A campaign that stops colleagues handed nothing out for people of a company after the
    acknowledgement of another one's reply; who may have replied, too, goes on."""
    if not stops(facts, campaign):
        return
    replies = facts.replies(campaign)
    for grant in facts.grants:
        if grant.claim["campaign"] != campaign or _may_have_replied(facts, grant):
            continue
        for lead, event in replies.get(facts.company_of(grant), ()):
            if (lead != grant.lead and event["status"] == 200
                    and event["received"] < grant.claim["sent"]):
                late = (grant.claim["sent"] - event["received"]) / 1e6
                findings.add(f"{findings.grant(grant)}, sent {late:.3f} ms after lead {lead}, a "
                             f"colleague, had replied: {findings.event(event)}")
                break


def stops(facts, campaign):
    return bool(facts.settings.get(campaign, {}).get("stopColleagues"))


def replies_by_company(facts, campaign):
    """company -> (lead, report) of replies that may have been taken"""
    replies = defaultdict(list)
    for grant in facts.grants:
        if grant.claim["campaign"] == campaign:
            for event in facts.completes_for(grant):
                if event["result"] in REPLIES and accepted(event):
                    replies[facts.company_of(grant)].append((grant.lead, event))
    replies.pop(None, None)
    return replies


def _may_have_replied(facts, grant):
    return any(event["result"] in REPLIES and accepted(event)
               and event["sent"] < grant.claim["received"]
               for other in facts.grants_of[grant.lead] for event in facts.completes_for(other))


def may_be_stopped(facts, campaign, lead, name):
    """May a colleague of this lead have replied?"""
    company = facts.companies.get((campaign, name))
    return stops(facts, campaign) and any(
        other != lead for other, _ in facts.replies(campaign).get(company, ()))
