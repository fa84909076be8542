#include "http/body.h"

#include "http/head.h"

/* LENGTH and DATA are where data is; the others are single steps through the lines of the chunked
 * coding. */
enum state {
    LENGTH,
    SIZE, /* digits of a chunk's size */
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER, /* the start of a trailer line, or of the blank line at the end */
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    END_LF,
    END
};

#define SIZE_DIGITS_MAX 15 /* so that no size overflows */

void lb_body_start(struct lb_body *body, bool chunked, uint64_t content_length)
{
    *body =
        (struct lb_body){.left = chunked ? 0 : content_length, .state = chunked ? SIZE : LENGTH};
}

bool lb_body_is_whole(const struct lb_body *body)
{
    return body->state == END;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static const char *take_size(struct lb_body *body, char c)
{
    int digit = hex_digit(c);
    if (digit >= 0) {
        body->left = body->left << 4 | (unsigned)digit;
        return ++body->digits <= SIZE_DIGITS_MAX ? NULL : "The size of a chunk is too long.";
    }
    if (body->digits == 0 || (c != '\r' && c != ';'))
        return "The size of a chunk is not a hexadecimal number.";
    body->state = c == ';' ? EXTENSION : SIZE_LF;
    body->digits = 0;
    return NULL;
}

/* A chunk extension or a trailer's value, up to its carriage return. */
static const char *take_text(struct lb_body *body, char c, enum state after)
{
    if (c == '\r')
        body->state = after;
    else if (lb_head_value_end(&c, &c + 1) == &c)
        return "A chunk extension or a trailer holds a control character.";
    return NULL;
}

static const char *take_trailer(struct lb_body *body, char c)
{
    if (c == '\r' && body->state == TRAILER)
        body->state = END_LF;
    else if (c == ':' && body->state == TRAILER_NAME)
        body->state = TRAILER_VALUE;
    else if (!lb_head_is_token((unsigned char)c))
        return "A trailer line is broken.";
    else
        body->state = TRAILER_NAME;
    return NULL;
}

static const char *expect(struct lb_body *body, char c, char wanted, enum state after)
{
    body->state = after;
    return c == wanted ? NULL : "The lines of a chunked body are broken.";
}

/* One byte of the lines of the chunked coding. NULL, or what is wrong with it. */
static const char *take_byte(struct lb_body *body, char c)
{
    switch (body->state) {
    case SIZE:
        return take_size(body, c);
    case SIZE_LF:
        return expect(body, c, '\n', body->left ? DATA : TRAILER);
    case DATA_CR:
        return expect(body, c, '\r', DATA_LF);
    case DATA_LF:
        return expect(body, c, '\n', SIZE);
    case TRAILER_LF:
        return expect(body, c, '\n', TRAILER);
    case END_LF:
        return expect(body, c, '\n', END);
    default:
        break;
    }
    if (++body->extra > LB_BODY_EXTRA_MAX)
        return "The chunk extensions and trailers are too long.";
    if (body->state == EXTENSION)
        return take_text(body, c, SIZE_LF);
    if (body->state == TRAILER_VALUE)
        return take_text(body, c, TRAILER_LF);
    return take_trailer(body, c);
}

static enum lb_body_result take_data(struct lb_body *body, const char **at, const char *end,
                                     struct lb_str *out_data)
{
    size_t len = (size_t)(end - *at);
    if (len > body->left)
        len = (size_t)body->left;
    *out_data = (struct lb_str){*at, len};
    *at += len;
    body->left -= len;
    if (body->left == 0)
        body->state = body->state == LENGTH ? END : DATA_CR;
    return LB_BODY_DATA;
}

enum lb_body_result lb_body_next(struct lb_body *body, const char **at, const char *end,
                                 struct lb_str *out_data, const char **out_wrong)
{
    if (body->state == LENGTH && body->left == 0)
        body->state = END;
    while (body->state != END) {
        if (*at == end)
            return LB_BODY_PART;
        if (body->state == LENGTH || body->state == DATA)
            return take_data(body, at, end, out_data);
        *out_wrong = take_byte(body, *(*at)++);
        if (*out_wrong)
            return LB_BODY_BROKEN;
    }
    return LB_BODY_WHOLE;
}
