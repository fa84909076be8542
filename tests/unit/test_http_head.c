/* Heads of requests, good and bad, whole and in pieces, and compared with the reference. */
#include "http/head.h"
#include "base/clock.h"
#include "support/http_compare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

struct head_case {
    const char *name;
    struct lb_str bytes;
    const char *expected; /* see describe() */
};

#define CASE(name, bytes, expected)                                                                \
    {                                                                                              \
        name, {(bytes), sizeof(bytes) - 1}, expected                                               \
    }
#define GET     "GET / HTTP/1.1\r\nHost: a\r\n"
#define POST    "POST / HTTP/1.1\r\nHost: a\r\n"
#define OLD     "POST / HTTP/1.0\r\n"
#define END     "\r\n"
#define GET_IS  "whole GET / host"
#define POST_IS "whole POST / host"

static const struct head_case cases[] = {
    /* Request lines */
    CASE("the smallest of 1.1", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "whole GET / host lines=1"),
    CASE("the smallest of 1.0", "GET / HTTP/1.0\r\n\r\n", "whole GET / 1.0 lines=0"),
    CASE("1.0 with a host", "GET / HTTP/1.0\r\nHost: a\r\n\r\n", "whole GET / 1.0 host lines=1"),
    CASE("1.0 that wants to stay", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
         "whole GET / 1.0 keep-alive lines=1"),
    CASE("one letter as method", "g / HTTP/1.1\r\nHost: a\r\n\r\n", "whole g / host lines=1"),
    CASE("all characters of a token", "!#$%&'*+-.^_`|~09azAZ / HTTP/1.1\r\nHost: a\r\n\r\n",
         "whole !#$%&'*+-.^_`|~09azAZ / host lines=1"),
    CASE("long unknown method",
         "PROPPATCHPROPPATCHPROPPATCHPROPPATCH / HTTP/1.1\r\nHost: a\r\n\r\n",
         "whole PROPPATCHPROPPATCHPROPPATCHPROPPATCH / host lines=1"),
    CASE("query", "GET /a?b=c&d=%20 HTTP/1.1\r\nHost: a\r\n\r\n",
         "whole GET /a?b=c&d=%20 host lines=1"),
    CASE("absolute form", "GET http://a:80/b HTTP/1.1\r\nHost: a\r\n\r\n",
         "whole GET http://a:80/b host lines=1"),
    CASE("authority form", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n",
         "whole CONNECT a:443 host close lines=1"),
    CASE("asterisk form", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "whole OPTIONS * host lines=1"),
    CASE("bytes above 0x7f in the target", "GET /\xc3\xa4\xff\x80 HTTP/1.1\r\nHost: a\r\n\r\n",
         "whole GET /\xc3\xa4\xff\x80 host lines=1"),
    CASE("strange characters in the target", "GET \"<>\\^`{|}#[] HTTP/1.1\r\nHost: a\r\n\r\n",
         "whole GET \"<>\\^`{|}#[] host lines=1"),
    CASE("a version as target", "GET HTTP/1.1 HTTP/1.1\r\nHost: a\r\n\r\n",
         "whole GET HTTP/1.1 host lines=1"),
    CASE("an empty line before", "\r\n" GET END, GET_IS " lines=1"),
    CASE("five empty lines before", "\r\n\r\n\r\n\r\n\r\n" GET END, GET_IS " lines=1"),
    CASE("an LF before", "\n" GET END, "broken"),
    CASE("a CR before", "\r" GET END, "broken"),
    CASE("CR CR LF before", "\r\r\n" GET END, "broken"),
    CASE("a space before", " " GET END, "broken"),
    CASE("a tab before", "\t" GET END, "broken"),
    CASE("a NUL before", "\0" GET END, "broken"),
    CASE("a byte order mark before", "\xef\xbb\xbf" GET END, "broken"),
    CASE("a line with a space before", " \r\n" GET END, "broken"),
    CASE("two spaces after the method", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "broken"),
    CASE("two spaces before the version", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", "broken"),
    CASE("tab after the method", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", "broken"),
    CASE("tab before the version", "GET /\tHTTP/1.1\r\nHost: a\r\n\r\n", "broken"),
    CASE("tab as target", "GET \t HTTP/1.1\r\nHost: a\r\n\r\n", "broken"),
    CASE("vertical tab between", "GET\x0b/ HTTP/1.1\r\nHost: a\r\n\r\n", "broken"),
    CASE("form feed between", "GET / HTTP/1.1\x0c\r\nHost: a\r\n\r\n", "broken"),
    CASE("space after the version", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", "broken"),
    CASE("tab after the version", "GET / HTTP/1.1\t\r\nHost: a\r\n\r\n", "broken"),
    CASE("four parts", "GET / x HTTP/1.1\r\nHost: a\r\n\r\n", "broken"),
    CASE("no method", " / HTTP/1.1\r\nHost: a\r\n\r\n", "broken"),
    CASE("no target", "GET HTTP/1.1\r\nHost: a\r\n\r\n", "broken"),
    CASE("empty target", "GET  HTTP/1.1\r\nHost: a\r\n\r\n", "broken"),
    CASE("HTTP/0.9", "GET /\r\n\r\n", "broken"),
    CASE("HTTP/0.9 with a space", "GET / \r\n\r\n", "broken"),
    CASE("a word alone", "GET\r\n\r\n", "broken"),
    CASE("method with a slash", "GE/T / HTTP/1.1\r\nHost: a\r\n\r\n", "broken"),
    CASE("method with a colon", "GET: / HTTP/1.1\r\nHost: a\r\n\r\n", "broken"),
    CASE("method with a NUL", "G\0T / HTTP/1.1\r\nHost: a\r\n\r\n", "broken"),
    CASE("method with 0x80", "G\x80T / HTTP/1.1\r\nHost: a\r\n\r\n", "broken"),
    CASE("NUL in the target", "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", "broken"),
    CASE("0x1f in the target", "GET /\x1f HTTP/1.1\r\nHost: a\r\n\r\n", "broken"),
    CASE("DEL in the target", "GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n", "broken"),
    CASE("CR in the target", "GET /\rx HTTP/1.1\r\nHost: a\r\n\r\n", "broken"),
    CASE("LF in the target", "GET /\nx HTTP/1.1\r\nHost: a\r\n\r\n", "broken"),
    CASE("LF ends the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", "broken"),
    CASE("CR ends the request line", "GET / HTTP/1.1\rHost: a\r\n\r\n", "broken"),
    CASE("CR CR LF ends the request line", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", "broken"),
    CASE("lower case http", "GET / http/1.1\r\nHost: a\r\n\r\n", "broken"),
    CASE("mixed case http", "GET / Http/1.1\r\nHost: a\r\n\r\n", "broken"),
    CASE("another protocol", "GET / HTCP/1.1\r\nHost: a\r\n\r\n", "broken"),
    CASE("ICY", "GET / ICY/1.1\r\nHost: a\r\n\r\n", "broken"),
    CASE("comma in the version", "GET / HTTP/1,1\r\nHost: a\r\n\r\n", "broken"),
    CASE("no minor version", "GET / HTTP/1\r\nHost: a\r\n\r\n", "broken"),
    CASE("no minor digit", "GET / HTTP/1.\r\nHost: a\r\n\r\n", "broken"),
    CASE("two minor digits", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", "broken"),
    CASE("zero before the version", "GET / HTTP/01.1\r\nHost: a\r\n\r\n", "broken"),
    CASE("sign in the version", "GET / HTTP/+1.1\r\nHost: a\r\n\r\n", "broken"),
    CASE("letter as version", "GET / HTTP/1.x\r\nHost: a\r\n\r\n", "broken"),
    CASE("HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", "version"),
    CASE("HTTP/1.9", "GET / HTTP/1.9\r\nHost: a\r\n\r\n", "version"),
    CASE("HTTP/0.9 by name", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", "version"),
    CASE("HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", "version"),
    CASE("HTTP/2 by prior knowledge", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "version"),
    CASE("HTTP/9.9", "GET / HTTP/9.9\r\nHost: a\r\n\r\n", "version"),
    CASE("a response", "HTTP/1.1 200 OK\r\nHost: a\r\n\r\n", "broken"),
    CASE("TLS", "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n", "broken"),
    CASE("the PROXY protocol", "PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n" GET END, "broken"),
    CASE("a body of JSON", "{\"a\":1}\r\n\r\n", "broken"),

    /* Line ends and what is not there yet */
    CASE("nothing", "", "part"),
    CASE("only an empty line", "\r\n", "part"),
    CASE("a CR", "\r", "part"),
    CASE("no end of the request line", "GET / HTTP/1.1", "part"),
    CASE("half an end", "GET / HTTP/1.1\r", "part"),
    CASE("no blank line", GET, "part"),
    CASE("half a blank line", GET "\r", "part"),
    CASE("half a header", GET "X-A: b", "part"),
    CASE("LF ends a header", GET "X-A: b\nX-B: c\r\n\r\n", "broken"),
    CASE("LF instead of the blank line", GET "\n", "broken"),
    CASE("LF LF", "GET / HTTP/1.1\nHost: a\n\n", "broken"),
    CASE("CR instead of the blank line", GET "\rX\r\n\r\n", "broken"),
    CASE("CR CR LF as blank line", GET "\r\r\n", "broken"),
    CASE("CR ends a header", GET "X-A: b\rX-B: c\r\n\r\n", "broken"),
    CASE("CR CR LF ends a header", GET "X-A: b\r\r\n\r\n", "broken"),
    CASE("LF CR", GET "X-A: b\n\r\r\n", "broken"),
    CASE("bytes after it", GET END "GET /next", GET_IS " lines=1"),
    CASE("another head after it", GET END "LF \n broken", GET_IS " lines=1"),

    /* Header lines */
    CASE("empty value", GET "X-A:\r\n\r\n", GET_IS " lines=2"),
    CASE("value of white space", GET "X-A: \t \r\n\r\n", GET_IS " lines=2"),
    CASE("white space around a value", GET "X-A: \t b c\t \r\n\r\n", GET_IS " lines=2"),
    CASE("no space after the colon", GET "X-A:b\r\n\r\n", GET_IS " lines=2"),
    CASE("colons in a value", GET "X-A::b:c\r\n\r\n", GET_IS " lines=2"),
    CASE("tab in a value", GET "X-A: b\tc\r\n\r\n", GET_IS " lines=2"),
    CASE("bytes above 0x7f in a value", GET "X-A: \x80\x85\xa0\xff\r\n\r\n", GET_IS " lines=2"),
    CASE("name of one letter", GET "X: b\r\n\r\n", GET_IS " lines=2"),
    CASE("name of all characters", GET "!#$%&'*+-.^_`|~09azAZ: b\r\n\r\n", GET_IS " lines=2"),
    CASE("the same name twice", GET "X-A: b\r\nx-a: c\r\n\r\n", GET_IS " lines=3"),
    CASE("space before the colon", GET "X-A : b\r\n\r\n", "broken"),
    CASE("tab before the colon", GET "X-A\t: b\r\n\r\n", "broken"),
    CASE("vertical tab before the colon", GET "X-A\x0b: b\r\n\r\n", "broken"),
    CASE("space in a name", GET "X A: b\r\n\r\n", "broken"),
    CASE("space before a name", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", "broken"),
    CASE("folded value", GET "X-A: b\r\n c\r\n\r\n", "broken"),
    CASE("value folded with a tab", GET "X-A: b\r\n\tc\r\n\r\n", "broken"),
    CASE("folded with nothing", GET "X-A: b\r\n \r\n\r\n", "broken"),
    CASE("no colon", GET "X-A\r\n\r\n", "broken"),
    CASE("empty name", GET ": b\r\n\r\n", "broken"),
    CASE("name of a colon in quotes", GET "\"X-A\": b\r\n\r\n", "broken"),
    CASE("NUL in a name", GET "X\0A: b\r\n\r\n", "broken"),
    CASE("0x01 in a name",
         GET "X\x01"
             "A: b\r\n\r\n",
         "broken"),
    CASE("0x85 in a name",
         GET "X\x85"
             "A: b\r\n\r\n",
         "broken"),
    CASE("DEL in a name",
         GET "X\x7f"
             "A: b\r\n\r\n",
         "broken"),
    CASE("bracket in a name", GET "X[A]: b\r\n\r\n", "broken"),
    CASE("NUL in a value", GET "X-A: b\0c\r\n\r\n", "broken"),
    CASE("NUL at the end of a value", GET "X-A: b\0\r\n\r\n", "broken"),
    CASE("0x01 in a value",
         GET "X-A: b\x01"
             "c\r\n\r\n",
         "broken"),
    CASE("0x1f in a value",
         GET "X-A: b\x1f"
             "c\r\n\r\n",
         "broken"),
    CASE("DEL in a value",
         GET "X-A: b\x7f"
             "c\r\n\r\n",
         "broken"),
    CASE("vertical tab in a value",
         GET "X-A: b\x0b"
             "c\r\n\r\n",
         "broken"),
    CASE("form feed in a value",
         GET "X-A:\x0c"
             "b\r\n\r\n",
         "broken"),
    CASE("escape in a long value", GET "X-A: 0123456789abcdef0123456789abcde\x1b[0m\r\n\r\n",
         "broken"),

    /* Host */
    CASE("no host", "GET / HTTP/1.1\r\n\r\n", "broken"),
    CASE("no host but others", "GET / HTTP/1.1\r\nX-Host: a\r\nHosts: a\r\nHos: a\r\n\r\n",
         "broken"),
    CASE("host in capitals", "GET / HTTP/1.1\r\nHOST: a\r\n\r\n", "whole GET / host lines=1"),
    CASE("two hosts", GET "Host: b\r\n\r\n", "broken"),
    CASE("two equal hosts", GET "host: a\r\n\r\n", "broken"),
    CASE("two hosts of 1.0", OLD "Host: a\r\nHost: a\r\n\r\n", "broken"),
    CASE("name and port", "GET / HTTP/1.1\r\nHost: a-b.c_d:8080\r\n\r\n",
         "whole GET / host lines=1"),
    CASE("IPv6", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "whole GET / host lines=1"),
    CASE("host of percents", "GET / HTTP/1.1\r\nHost: %41~\r\n\r\n", "whole GET / host lines=1"),
    CASE("space in the host", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "broken"),
    CASE("tab in the host", "GET / HTTP/1.1\r\nHost: a\tb\r\n\r\n", "broken"),
    CASE("path in the host", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "broken"),
    CASE("user in the host", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", "broken"),
    CASE("query in the host", "GET / HTTP/1.1\r\nHost: a?b\r\n\r\n", "broken"),
    CASE("fragment in the host", "GET / HTTP/1.1\r\nHost: a#b\r\n\r\n", "broken"),
    CASE("backslash in the host", "GET / HTTP/1.1\r\nHost: a\\b\r\n\r\n", "broken"),
    CASE("quoted host", "GET / HTTP/1.1\r\nHost: \"a\"\r\n\r\n", "broken"),
    CASE("tag in the host", "GET / HTTP/1.1\r\nHost: <a>\r\n\r\n", "broken"),
    CASE("comma in the host", "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", "broken"),
    CASE("brace in the host", "GET / HTTP/1.1\r\nHost: a{b\r\n\r\n", "broken"),
    CASE("0x80 in the host", "GET / HTTP/1.1\r\nHost: \x80\r\n\r\n", "broken"),

    /* Content-Length */
    CASE("length", POST "Content-Length: 12\r\n\r\n", POST_IS " length=12 lines=2"),
    CASE("length of nothing", POST "content-length:0\r\n\r\n", POST_IS " length=0 lines=2"),
    CASE("zeros before", POST "Content-Length: 00012\r\n\r\n", POST_IS " length=12 lines=2"),
    CASE("forty zeros before",
         POST "Content-Length: 000000000000000000000000000000000000000012\r\n\r\n",
         POST_IS " length=12 lines=2"),
    CASE("white space around the length", POST "Content-Length: \t12 \t\r\n\r\n",
         POST_IS " length=12 lines=2"),
    CASE("length of a GET", GET "Content-Length: 5\r\n\r\n", GET_IS " length=5 lines=2"),
    CASE("length of 1.0", OLD "Content-Length: 5\r\n\r\n", "whole POST / 1.0 length=5 lines=1"),
    CASE("length below the largest", POST "Content-Length: 18446744073709551614\r\n\r\n",
         POST_IS " length=18446744073709551614 lines=2"),
    CASE("largest length", POST "Content-Length: 18446744073709551615\r\n\r\n",
         POST_IS " length=18446744073709551615 lines=2"),
    CASE("length of 2^64", POST "Content-Length: 18446744073709551616\r\n\r\n",
         POST_IS " length=18446744073709551615 lines=2"),
    CASE("length of 2^64 and 5", POST "Content-Length: 18446744073709551621\r\n\r\n",
         POST_IS " length=18446744073709551615 lines=2"),
    CASE("length of ten times 2^64", POST "Content-Length: 184467440737095516160\r\n\r\n",
         POST_IS " length=18446744073709551615 lines=2"),
    CASE("length of forty digits",
         POST "Content-Length: 1000000000000000000000000000000000000000\r\n\r\n",
         POST_IS " length=18446744073709551615 lines=2"),
    CASE("empty length", POST "Content-Length:\r\n\r\n", "broken"),
    CASE("plus", POST "Content-Length: +5\r\n\r\n", "broken"),
    CASE("minus", POST "Content-Length: -5\r\n\r\n", "broken"),
    CASE("minus nothing", POST "Content-Length: -0\r\n\r\n", "broken"),
    CASE("hexadecimal length", POST "Content-Length: 0x5\r\n\r\n", "broken"),
    CASE("letters in the length", POST "Content-Length: 5a\r\n\r\n", "broken"),
    CASE("point in the length", POST "Content-Length: 5.0\r\n\r\n", "broken"),
    CASE("exponent", POST "Content-Length: 1e1\r\n\r\n", "broken"),
    CASE("underscore in the length", POST "Content-Length: 1_0\r\n\r\n", "broken"),
    CASE("space in the length", POST "Content-Length: 1 0\r\n\r\n", "broken"),
    CASE("quoted length", POST "Content-Length: \"5\"\r\n\r\n", "broken"),
    CASE("vertical tab before the length",
         POST "Content-Length:\x0b"
              "5\r\n\r\n",
         "broken"),
    CASE("0x85 before the length",
         POST "Content-Length:\x85"
              "5\r\n\r\n",
         "broken"),
    CASE("0xa0 after the length", POST "Content-Length: 5\xa0\r\n\r\n", "broken"),
    CASE("digits that are not ASCII", POST "Content-Length: \xd9\xa5\r\n\r\n", "broken"),
    CASE("list of lengths", POST "Content-Length: 5, 5\r\n\r\n", "broken"),
    CASE("comma after the length", POST "Content-Length: 5,\r\n\r\n", "broken"),
    CASE("two lengths", POST "Content-Length: 0\r\nContent-Length: 5\r\n\r\n", "broken"),
    CASE("two equal lengths", POST "Content-Length: 5\r\ncontent-length: 5\r\n\r\n", "broken"),
    CASE("folded length", POST "Content-Length:\r\n 5\r\n\r\n", "broken"),
    CASE("underscore instead of the hyphen", POST "Content_Length: 5\r\n\r\n", POST_IS " lines=2"),
    CASE("length before a space and a colon", POST "Content-Length : 5\r\n\r\n", "broken"),
    CASE("NUL after the name", POST "Content-Length\0: 5\r\n\r\n", "broken"),

    /* Transfer-Encoding */
    CASE("chunked", POST "Transfer-Encoding: chunked\r\n\r\n", POST_IS " chunked lines=2"),
    CASE("chunked in capitals", POST "TRANSFER-ENCODING:CHUNKED\r\n\r\n",
         POST_IS " chunked lines=2"),
    CASE("white space around chunked", POST "Transfer-Encoding: \tchunked\t \r\n\r\n",
         POST_IS " chunked lines=2"),
    CASE("chunked GET", GET "Transfer-Encoding: chunked\r\n\r\n", GET_IS " chunked lines=2"),
    CASE("chunked 1.0", OLD "Transfer-Encoding: chunked\r\n\r\n", "broken"),
    CASE("length, then chunked", POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
         "broken"),
    CASE("chunked, then length", POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
         "broken"),
    CASE("chunked and a length of nothing",
         POST "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n", "broken"),
    CASE("chunked twice", POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
         "broken"),
    CASE("chunked and identity",
         POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n", "broken"),
    CASE("list of chunked", POST "Transfer-Encoding: chunked, chunked\r\n\r\n", "broken"),
    CASE("gzip, chunked", POST "Transfer-Encoding: gzip, chunked\r\n\r\n", "broken"),
    CASE("chunked, identity", POST "Transfer-Encoding: chunked, identity\r\n\r\n", "broken"),
    CASE("comma before chunked", POST "Transfer-Encoding: ,chunked\r\n\r\n", "broken"),
    CASE("comma after chunked", POST "Transfer-Encoding: chunked,\r\n\r\n", "broken"),
    CASE("identity", POST "Transfer-Encoding: identity\r\n\r\n", "broken"),
    CASE("gzip", POST "Transfer-Encoding: gzip\r\n\r\n", "broken"),
    CASE("empty coding", POST "Transfer-Encoding:\r\n\r\n", "broken"),
    CASE("xchunked", POST "Transfer-Encoding: xchunked\r\n\r\n", "broken"),
    CASE("chunkedx", POST "Transfer-Encoding: chunkedx\r\n\r\n", "broken"),
    CASE("half of chunked", POST "Transfer-Encoding: chunke\r\n\r\n", "broken"),
    CASE("quoted chunked", POST "Transfer-Encoding: \"chunked\"\r\n\r\n", "broken"),
    CASE("chunked with a parameter", POST "Transfer-Encoding: chunked;a=b\r\n\r\n", "broken"),
    CASE("vertical tab before chunked",
         POST "Transfer-Encoding:\x0b"
              "chunked\r\n\r\n",
         "broken"),
    CASE("vertical tab after chunked", POST "Transfer-Encoding: chunked\x0b\r\n\r\n", "broken"),
    CASE("0x85 after chunked", POST "Transfer-Encoding: chunked\x85\r\n\r\n", "broken"),
    CASE("NUL after chunked", POST "Transfer-Encoding: chunked\0\r\n\r\n", "broken"),
    CASE("folded chunked", POST "Transfer-Encoding:\r\n chunked\r\n\r\n", "broken"),
    CASE("tab before the colon of the coding", POST "Transfer-Encoding\t: chunked\r\n\r\n",
         "broken"),
    CASE("CR in the coding's name", POST "Transfer\r-Encoding: chunked\r\n\r\n", "broken"),
    CASE("coding after a lone LF", POST "X: y\nTransfer-Encoding: chunked\r\n\r\n", "broken"),
    CASE("Kelvin sign in chunked",
         POST "Transfer-Encoding: chun\xe2\x84\xaa"
              "ed\r\n\r\n",
         "broken"),

    /* Expect and Connection */
    CASE("expectation", POST "Expect: 100-continue\r\n\r\n", POST_IS " expect lines=2"),
    CASE("expectation in capitals", POST "EXPECT: 100-CONTINUE\r\n\r\n", POST_IS " expect lines=2"),
    CASE("expectation of 1.0", OLD "Expect: 100-continue\r\n\r\n", "whole POST / 1.0 lines=1"),
    CASE("another expectation", POST "Expect: 101-continue\r\n\r\n", POST_IS " lines=2"),
    CASE("expectation among others", POST "Expect: x\r\nExpect: 100-continue\r\nExpect: y\r\n\r\n",
         POST_IS " expect lines=4"),
    CASE("close", GET "Connection: close\r\n\r\n", GET_IS " close lines=2"),
    CASE("close in capitals", GET "connection:CLOSE\r\n\r\n", GET_IS " close lines=2"),
    CASE("close in a list", GET "Connection: te, close ,x\r\n\r\n", GET_IS " close lines=2"),
    CASE("close on a second line", GET "Connection: x\r\nConnection: close\r\n\r\n",
         GET_IS " close lines=3"),
    CASE("both", GET "Connection: keep-alive,close\r\n\r\n", GET_IS " close keep-alive lines=2"),
    CASE("closed", GET "Connection: closed, xclose\r\n\r\n", GET_IS " lines=2"),
    CASE("list of nothing", GET "Connection: , ,\r\n\r\n", GET_IS " lines=2"),
    CASE("Proxy-Connection", GET "Proxy-Connection: close\r\n\r\n", GET_IS " lines=2"),
};

static const char *describe(enum lb_head_result result, const struct lb_head *head)
{
    static char text[512];
    static const char *const names[] = {"part", "whole", "broken", "large", "version"};
    int len = snprintf(text, sizeof(text), "%s", names[result]);
    if (result != LB_HEAD_WHOLE)
        return text;
    len += snprintf(text + len, sizeof(text) - (size_t)len, " %.*s %.*s", (int)head->method.len,
                    head->method.ptr, (int)head->target.len, head->target.ptr);
    if (head->http10)
        len += snprintf(text + len, sizeof(text) - (size_t)len, " 1.0");
    if (head->has_host)
        len += snprintf(text + len, sizeof(text) - (size_t)len, " host");
    if (head->has_length)
        len += snprintf(text + len, sizeof(text) - (size_t)len, " length=%llu",
                        (unsigned long long)head->content_length);
    len += snprintf(text + len, sizeof(text) - (size_t)len, "%s%s%s%s",
                    head->chunked ? " chunked" : "", head->expects_continue ? " expect" : "",
                    head->close ? " close" : "", head->keep_alive ? " keep-alive" : "");
    snprintf(text + len, sizeof(text) - (size_t)len, " lines=%u", head->count);
    return text;
}

static enum lb_head_result parse(struct lb_head *head, struct lb_str bytes)
{
    const char *wrong = NULL;
    lb_head_start(head);
    return lb_head_parse(head, bytes.ptr, bytes.len, &wrong);
}

#define EACH_CASE(c)                                                                               \
    (const struct head_case *c = cases; c < cases + sizeof cases / sizeof *cases; c++)

static void each_head_has_the_expected_result(void **state)
{
    (void)state;
    static struct lb_head head;
    unsigned failed = 0;
    for
        EACH_CASE(c)
        {
            const char *is = describe(parse(&head, c->bytes), &head);
            if (strcmp(is, c->expected) != 0) {
                print_error("%s: '%s' instead of '%s'\n", c->name, is, c->expected);
                failed++;
            }
        }
    assert_int_equal(failed, 0);
}

static void the_body_starts_after_the_blank_line(void **state)
{
    (void)state;
    static struct lb_head head;
    for
        EACH_CASE(c)
        {
            if (parse(&head, c->bytes) != LB_HEAD_WHOLE)
                continue;
            if (head.len < 4 || memcmp(c->bytes.ptr + head.len - 4, "\r\n\r\n", 4) != 0)
                fail_msg("%s: %zu bytes of head", c->name, head.len);
        }
}

static void pieces_give_the_same_as_the_whole(void **state)
{
    (void)state;
    unsigned failed = 0;
    for
        EACH_CASE(c)
        {
            const char *differs = compare_at_every_cut(&(struct compared){.bytes = c->bytes});
            if (differs) {
                print_error("%s: %s differs\n", c->name, differs);
                failed++;
            }
        }
    assert_int_equal(failed, 0);
}

static void values_have_no_white_space_at_their_ends(void **state)
{
    (void)state;
    static struct lb_head head;
    parse(&head,
          LB_STR("GET / HTTP/1.1\r\nHost: \t a:1\t\r\nX-A:\r\nx-b: \t \r\nX-A: c d \r\n\r\n"));
    assert_true(lb_str_equal(lb_head_find(&head, LB_STR("hOST")), LB_STR("a:1")));
    struct lb_str empty = lb_head_find(&head, LB_STR("x-a"));
    assert_non_null(empty.ptr);
    assert_int_equal(empty.len, 0);
    assert_int_equal(lb_head_find(&head, LB_STR("x-b")).len, 0);
    assert_null(lb_head_find(&head, LB_STR("x-")).ptr);
    assert_null(lb_head_find(&head, LB_STR("x-bc")).ptr);
    unsigned at = 0;
    assert_int_equal(lb_head_next(&head, LB_STR("X-a"), &at).len, 0);
    assert_int_equal(at, 2);
    assert_true(lb_str_equal(lb_head_next(&head, LB_STR("X-a"), &at), LB_STR("c d")));
    assert_int_equal(at, 4);
    assert_null(lb_head_next(&head, LB_STR("X-a"), &at).ptr);
}

static size_t many_lines(char *out, unsigned lines)
{
    size_t len = (size_t)sprintf(out, "GET / HTTP/1.1\r\nHost: a\r\n");
    for (unsigned i = 1; i < lines; i++)
        len += (size_t)sprintf(out + len, "X: y\r\n");
    return len + (size_t)sprintf(out + len, "\r\n");
}

static void so_many_lines_and_no_more(void **state)
{
    (void)state;
    static char bytes[64 + 8 * LB_HEAD_LINES_MAX];
    enum lb_head_result result;
    for (unsigned lines = LB_HEAD_LINES_MAX - 1; lines <= LB_HEAD_LINES_MAX + 1; lines++) {
        size_t len = many_lines(bytes, lines);
        assert_null(compare_head(bytes, len, compare_whole, NULL, &result));
        assert_int_equal(result, lines > LB_HEAD_LINES_MAX ? LB_HEAD_TOO_LARGE : LB_HEAD_WHOLE);
        assert_null(compare_head(bytes, len, compare_bytes, NULL, NULL));
    }
}

static void long_parts_are_taken_whole(void **state)
{
    (void)state;
    enum { LONG = 70000 };
    char *bytes = malloc(4 * LONG + 64);
    char *filler = malloc(LONG + 1);
    assert_non_null(bytes);
    assert_non_null(filler);
    memset(filler, 'x', LONG);
    filler[LONG] = '\0';
    size_t len = (size_t)sprintf(bytes, "%s /%s HTTP/1.1\r\nHost: a\r\n%s:%s\r\n\r\n", filler,
                                 filler, filler, filler);
    static struct lb_head head;
    assert_int_equal(parse(&head, (struct lb_str){bytes, len}), LB_HEAD_WHOLE);
    assert_int_equal(head.method.len, LONG);
    assert_int_equal(head.target.len, LONG + 1);
    assert_int_equal(head.lines[1].name.len, LONG);
    assert_int_equal(head.lines[1].value.len, LONG);
    assert_int_equal(head.len, len);
    free(filler);
    free(bytes);
}

/* In the method, the target, a name and a value, with more and more characters before it: whatever
 * looks at several bytes at once meets each at each place. */
static void every_byte_is_judged_alike_wherever_it_stands(void **state)
{
    (void)state;
    static const char *const starts[] = {"x", " /", " HTTP/1.1\r\nHost:a\r\nx", ":", "\r\n\r\n"};
    for (int before = 0; before < 20; before++)
        for (unsigned c = 0; c < 256; c++)
            for (unsigned place = 0; place < 4; place++) {
                char bytes[256];
                size_t len = 0;
                for (unsigned i = 0; i < 4; i++) {
                    len += (size_t)sprintf(bytes + len, "%s%.*s", starts[i], before,
                                           "xxxxxxxxxxxxxxxxxxxx");
                    if (i == place)
                        bytes[len++] = (char)c;
                    len += (size_t)sprintf(bytes + len, "x");
                }
                len += (size_t)sprintf(bytes + len, "%s", starts[4]);
                const char *differs = compare_head(bytes, len, compare_whole, NULL, NULL);
                if (differs)
                    fail_msg("byte %u at place %u after %d: %s", c, place, before, differs);
            }
}

/* Random mutations of the cases */

static size_t insert(char *bytes, size_t len, size_t max, size_t at, struct lb_str what)
{
    if (len + what.len > max)
        return len;
    memmove(bytes + at + what.len, bytes + at, len - at);
    memcpy(bytes + at, what.ptr, what.len);
    return len + what.len;
}

static size_t mutate(char *bytes, size_t len, size_t max)
{
    static const char odd[] = "\0\t\n\v\f\r !\"#%,-/0159:;@AZ[az{\x7f\x80\x85\xa0\xff";
    static const char *const words[] = {"\r\n",
                                        "\r\n\r\n",
                                        "Host: a\r\n",
                                        "Content-Length: 5\r\n",
                                        "Transfer-Encoding: chunked\r\n",
                                        "Connection: close\r\n",
                                        "Expect: 100-continue\r\n",
                                        ", ",
                                        "HTTP/1.0",
                                        "HTTP/1.1",
                                        "chunked",
                                        "close",
                                        "\r\n ",
                                        "X: y\r\n",
                                        "18446744073709551615"};
    for (size_t left = 1 + random_below(3); left > 0; left--) {
        size_t at = random_below(len + 1);
        size_t kind = random_below(4);
        if (kind == 0 && at < len) {
            bytes[at] = odd[random_below(sizeof(odd) - 1)];
        } else if (kind == 1 && at < len) {
            memmove(bytes + at, bytes + at + 1, len - at - 1);
            len--;
        } else if (kind == 2) {
            len = insert(bytes, len, max, at,
                         (struct lb_str){odd + random_below(sizeof(odd) - 1), 1});
        } else {
            struct lb_str word = lb_str(words[random_below(sizeof words / sizeof *words)]);
            len = insert(bytes, len, max, at, word);
        }
    }
    return len;
}

static void mutated_heads_are_read_as_the_reference_reads_them(void **state)
{
    (void)state;
    char bytes[512];
    uint64_t end_ms = lb_clock_mono_ms() + 700;
    for (unsigned i = 0; i % 64 != 0 || lb_clock_mono_ms() < end_ms; i++) {
        const struct head_case *c = &cases[random_below(sizeof cases / sizeof *cases)];
        memcpy(bytes, c->bytes.ptr, c->bytes.len);
        size_t len = mutate(bytes, c->bytes.len, sizeof(bytes));
        const char *differs = compare_head(bytes, len, compare_random, NULL, NULL);
        if (differs) {
            for (size_t at = 0; at < len; at++)
                print_error(bytes[at] >= ' ' && bytes[at] <= '~' ? "%c" : "\\x%02x",
                            (unsigned char)bytes[at]);
            fail_msg("mutation %u of '%s': %s differs", i, c->name, differs);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_head_has_the_expected_result),
        cmocka_unit_test(the_body_starts_after_the_blank_line),
        cmocka_unit_test(pieces_give_the_same_as_the_whole),
        cmocka_unit_test(values_have_no_white_space_at_their_ends),
        cmocka_unit_test(so_many_lines_and_no_more),
        cmocka_unit_test(long_parts_are_taken_whole),
        cmocka_unit_test(every_byte_is_judged_alike_wherever_it_stands),
        cmocka_unit_test(mutated_heads_are_read_as_the_reference_reads_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
