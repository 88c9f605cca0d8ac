// The little of bencode that a load generator needs: walk over a value, read a string, find a key of a dictionary.
#ifndef KADSTONE_BENCH_BENCODE_H
#define KADSTONE_BENCH_BENCODE_H
#include <stdint.h>
#include <stddef.h>
#include <string.h>

typedef struct { const uint8_t *at; size_t length; } text;

// Returns the byte after the string at p, or NULL when there is none.
static const uint8_t *read_text(const uint8_t *p, const uint8_t *end, text *out) {
    size_t length = 0;
    if (p >= end || *p < '0' || *p > '9') return NULL;
    for (; p < end && *p >= '0' && *p <= '9'; p++) {
        length = length * 10 + (*p - '0');
        if (length > 65536) return NULL;
    }
    if (p >= end || *p != ':' || (size_t)(end - p - 1) < length) return NULL;
    *out = (text){p + 1, length};
    return p + 1 + length;
}

// Returns the byte after the value at p, or NULL when it is malformed.
static const uint8_t *skip_value(const uint8_t *p, const uint8_t *end, int depth) {
    if (p >= end || depth > 20) return NULL;
    if (*p == 'i') {
        const uint8_t *e = memchr(p, 'e', end - p);
        return e ? e + 1 : NULL;
    }
    if (*p == 'l' || *p == 'd') {
        for (p++; p && p < end && *p != 'e';) p = skip_value(p, end, depth + 1);
        return p && p < end ? p + 1 : NULL;
    }
    text ignored;
    return read_text(p, end, &ignored);
}

// Returns the value of a key of the dictionary at p, or NULL.
static const uint8_t *find_key(const uint8_t *p, const uint8_t *end, const char *key) {
    if (!p || p >= end || *p != 'd') return NULL;
    for (p++; p < end && *p != 'e';) {
        text found;
        p = read_text(p, end, &found);
        if (!p) return NULL;
        if (found.length == strlen(key) && !memcmp(found.at, key, found.length)) return p;
        p = skip_value(p, end, 0);
        if (!p) return NULL;
    }
    return NULL;
}

// Reads the string under a key of the dictionary at p; 0 when it is absent or no string.
static int find_text(const uint8_t *p, const uint8_t *end, const char *key, text *out) {
    const uint8_t *value = find_key(p, end, key);
    return value && read_text(value, end, out) != NULL;
}
#endif
