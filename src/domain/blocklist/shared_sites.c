/* Sites on which unrelated people and companies have their pages: in a list of companies' websites
 * the address of such a page says whose it is, its host does not. */
#include "domain/blocklist/name_internal.h"

#include <stdlib.h>

/* Sorted by bytes. */
static const char *const SITES[] = {
    /* clang-format off */
    "about.me", "academia.edu", "angel.co", "apps.apple.com", "beacons.ai", "behance.net",
    "bio.link", "bit.ly", "bitbucket.org", "blogspot.com", "bsky.app", "carrd.co", "crunchbase.com",
    "discord.gg", "docs.google.com", "dribbble.com", "drive.google.com", "etsy.com",
    "eventbrite.com", "facebook.com", "fb.com", "fb.me", "fiverr.com", "flickr.com", "forms.gle",
    "freelancer.com", "g.page", "github.com", "gitlab.com", "goo.gl", "gravatar.com", "gumroad.com",
    "houzz.com", "imdb.com", "instagram.com", "issuu.com", "jimdo.com", "jimdofree.com",
    "ko-fi.com", "kununu.com", "linkedin.com", "linktr.ee", "lnkd.in", "malt.com", "malt.de",
    "malt.fr", "maps.app.goo.gl", "maps.google.com", "mastodon.social", "medium.com", "meetup.com",
    "myspace.com", "notion.site", "ok.ru", "open.spotify.com", "orcid.org", "patreon.com",
    "pinterest.co.uk", "pinterest.com", "pinterest.de", "play.google.com", "plus.google.com",
    "podcasts.apple.com", "producthunt.com", "quora.com", "reddit.com", "researchgate.net",
    "scholar.google.com", "sites.google.com", "slideshare.net", "snapchat.com", "soundcloud.com",
    "stackoverflow.com", "substack.com", "t.co", "t.me", "telegram.me", "threads.com",
    "threads.net", "tiktok.com", "tripadvisor.com", "trustpilot.com", "tumblr.com", "twitch.tv",
    "twitter.com", "upwork.com", "viadeo.com", "vimeo.com", "vk.com", "wa.me", "webnode.com",
    "weebly.com", "weibo.com", "wellfound.com", "wikipedia.org", "wixsite.com", "wordpress.com",
    "x.com", "xing.com", "yelp.com", "youtu.be", "youtube.com",
    /* clang-format on */
};

static int compare(const void *key, const void *item)
{
    return strcmp(key, *(const char *const *)item);
}

/* The same site for mobiles, or in a language, as de-de.facebook.com; else `host`. */
static const char *main_host(const char *host)
{
    size_t len = strcspn(host, ".");
    bool language = len == 2 || (len == 5 && host[2] == '-');
    bool mobile = host[0] == 'm' && (len == 1 || (len == 6 && memcmp(host, "mobile", len) == 0));
    return (language || mobile) && strchr(host + len + 1, '.') ? host + len + 1 : host;
}

bool lb_name_is_shared_site(const char *host)
{
    const char *found = bsearch(host, SITES, sizeof SITES / sizeof *SITES, sizeof *SITES, compare);
    const char *site = main_host(host);
    return found ||
           bsearch(site, SITES, sizeof SITES / sizeof *SITES, sizeof *SITES, compare) != NULL;
}
