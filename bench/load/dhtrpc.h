// The wire of dht-rpc 6 and hyperdht 6, as far as the generator, the swarm and the canned answer need it. Little endian.
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REQUEST = 0x03, RESPONSE = 0x13, ENDPOINT = 6, HASH = 32, SIGNATURE = 64, K = 20, PACKET = 2048, HEAD = 10 };
enum request_flags { ASKS_WITH_ID = 1, ASKS_WITH_TOKEN = 2, INTERNAL = 4, HAS_TARGET = 8, BRINGS_VALUE = 16 };
enum answer_flags { HAS_ID = 1, HAS_TOKEN = 2, HAS_NODES = 4, HAS_ERROR = 8, HAS_VALUE = 16 };
enum internal_command { INTERNAL_PING = 0, INTERNAL_FIND_NODE = 2 };
enum command { COMMAND_LOOKUP = 3, COMMAND_ANNOUNCE = 4, COMMAND_IMMUTABLE_PUT = 8, COMMAND_IMMUTABLE_GET = 9 };

// What the load fills a server with: 20 peers of 3 relays under one topic, and a value of 200 bytes.
enum { PEERS = 20, RELAYS = 3, VALUE = 200, PEER = HASH + 1 + RELAYS * ENDPOINT };
enum { PING_ANSWER = HEAD + HASH, FIND_NODE_ANSWER = PING_ANSWER + 1 + K * ENDPOINT };
enum { IMMUTABLE_ANSWER = FIND_NODE_ANSWER + HASH + 1 + VALUE, LOOKUP_ANSWER = FIND_NODE_ANSWER + HASH + 3 + 1 + PEERS * PEER + 1 };

// libsodium's own declarations: Debian ships the library without its headers unless libsodium-dev is installed.
int sodium_init(void);
int crypto_generichash(unsigned char *out, size_t out_length, const unsigned char *in, unsigned long long in_length, const unsigned char *key, size_t key_length);
int crypto_sign_seed_keypair(unsigned char *public_key, unsigned char *secret_key, const unsigned char *seed);
int crypto_sign_detached(unsigned char *signature, unsigned long long *length, const unsigned char *message, unsigned long long message_length, const unsigned char *secret_key);

typedef struct { uint8_t public_key[HASH], secret_key[64]; } key_pair;

static inline void hash_of(uint8_t *out, const void *bytes, size_t length) { crypto_generichash(out, HASH, bytes, length, NULL, 0); }

static inline void write_endpoint(uint8_t *out, const struct sockaddr_in *at) {
    memcpy(out, &at->sin_addr, 4);
    uint16_t port = ntohs(at->sin_port);
    out[4] = port;
    out[5] = port >> 8;
}

static inline void id_of(uint8_t *id, const struct sockaddr_in *at) {
    uint8_t endpoint[ENDPOINT];
    write_endpoint(endpoint, at);
    hash_of(id, endpoint, ENDPOINT);
}

// The first ten bytes of every packet.
static inline uint8_t *write_head(uint8_t *p, uint8_t kind, uint8_t flags, uint16_t number, const struct sockaddr_in *to) {
    p[0] = kind;
    p[1] = flags;
    p[2] = number;
    p[3] = number >> 8;
    write_endpoint(p + 4, to);
    return p + HEAD;
}

static inline uint8_t *write_bytes(uint8_t *p, const void *bytes, size_t length) {
    memcpy(p, bytes, length);
    return p + length;
}

static inline void topic_of_bench(uint8_t *topic) { hash_of(topic, "kadstone bench topic", 20); }

static inline void value_of_bench(uint8_t *value, uint8_t *target) {
    memset(value, 7, VALUE);
    hash_of(target, value, VALUE);
}

static inline key_pair announcer(int number) {
    key_pair pair;
    uint8_t seed[HASH];
    memset(seed, number + 1, HASH);
    crypto_sign_seed_keypair(pair.public_key, pair.secret_key, seed);
    return pair;
}

// A peer as it is announced and as a lookup gives it back.
static inline uint8_t *write_peer(uint8_t *p, const key_pair *pair, int relays) {
    p = write_bytes(p, pair->public_key, HASH);
    *p++ = relays;
    for (int i = 0; i < relays; i++) p = write_bytes(p, (uint8_t[]){127, 88, 200, i + 1, (1000 + i) & 255, (1000 + i) >> 8}, ENDPOINT);
    return p;
}

// The value of an ANNOUNCE: flags peer and signature, the peer, an Ed25519 signature over namespace and hash(target, node, token, peer).
static inline uint8_t *write_announcement(uint8_t *p, const key_pair *pair, int relays, const uint8_t *target, const uint8_t *node, const uint8_t *token) {
    uint8_t name[HASH + 1], signable[2 * HASH], hashed[3 * HASH + PEER], *end;
    hash_of(name, "hyperswarm/dht", 14);
    name[HASH] = COMMAND_ANNOUNCE;
    hash_of(signable, name, sizeof name);
    *p++ = 1 | 4;
    uint8_t *peer = p;
    p = write_peer(p, pair, relays);
    end = write_bytes(write_bytes(write_bytes(write_bytes(hashed, target, HASH), node, HASH), token, HASH), peer, p - peer);
    hash_of(signable + HASH, hashed, end - hashed);
    crypto_sign_detached(p, NULL, signable, sizeof signable, pair->secret_key);
    return p + SIGNATURE;
}

// compact-encoding's uint up to 16 bits; a larger or cut one becomes -1.
static inline int read_uint(const uint8_t **p, const uint8_t *end) {
    if (*p >= end) return -1;
    int first = *(*p)++;
    if (first <= 0xfc) return first;
    if (first != 0xfd || end - *p < 2) return -1;
    *p += 2;
    return (*p)[-2] | (*p)[-1] << 8;
}

typedef struct {
    uint8_t flags;
    uint16_t number;
    const uint8_t *to, *id, *token, *nodes, *value;
    int node_count, error, value_length;
} answer;

// NULL, or what keeps the packet from being an answer.
static inline const char *read_answer(const uint8_t *packet, size_t length, answer *a) {
    const uint8_t *p = packet + HEAD, *end = packet + length;
    *a = (answer){0};
    if (length < HEAD || packet[0] != RESPONSE) return "no answer of version 3";
    a->flags = packet[1];
    a->number = packet[2] | packet[3] << 8;
    a->to = packet + 4;
    if (a->flags & HAS_ID) { a->id = p; p += HASH; }
    if (a->flags & HAS_TOKEN) { a->token = p; p += HASH; }
    if (p > end) return "a cut answer";
    if (a->flags & HAS_NODES) {
        a->node_count = read_uint(&p, end);
        a->nodes = p;
        if (a->node_count < 0 || end - p < a->node_count * ENDPOINT) return "cut nodes";
        p += a->node_count * ENDPOINT;
    }
    if (a->flags & HAS_ERROR && (a->error = read_uint(&p, end)) < 0) return "a cut error";
    if (a->flags & HAS_VALUE) {
        a->value_length = read_uint(&p, end);
        a->value = p;
        if (a->value_length < 0 || end - p < a->value_length) return "a cut value";
        p += a->value_length;
    }
    return p == end ? NULL : "bytes after the answer";
}

static inline void init_sodium(void) {
    if (sodium_init() < 0) { fprintf(stderr, "libsodium does not start\n"); exit(1); }
}
