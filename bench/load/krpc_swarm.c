// N small, well-behaved KRPC nodes, each with its own id, its own address 127.16.x.y and its own socket: they fill the
// routing table of the node under test and answer its pings, find_nodes and get_peers.
//
//   krpc_swarm 127.0.0.1:6881 --n 400 --port 6881 --rate 200 --seconds 120
//
// Each node greets the target with a find_node for its own id, `rate` of them a second, and again every 5 s: the target may
// start after the swarm does, so that it can bootstrap from 127.16.0.1.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "bencode.h"

enum { K = 8, PACKET = 2048 };
typedef struct { uint8_t id[20]; struct sockaddr_in at; int udp; } node;
static node *nodes;
static int count = 400, port = 6881;
static volatile sig_atomic_t stopped;

static void stop(int signal) { (void)signal; stopped = 1; }

static double now_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static int is_closer(const uint8_t *target, const uint8_t *a, const uint8_t *b) {
    for (int i = 0; i < 20; i++) {
        uint8_t x = a[i] ^ target[i], y = b[i] ^ target[i];
        if (x != y) return x < y;
    }
    return 0;
}

static int write_closest(const uint8_t *target, uint8_t *out) {
    int best[K], found = 0;
    for (int i = 0; i < count; i++) {
        int place = found;
        while (place > 0 && is_closer(target, nodes[i].id, nodes[best[place - 1]].id)) place--;
        if (place == K) continue;
        if (found < K) found++;
        memmove(best + place + 1, best + place, (found - place - 1) * sizeof *best);
        best[place] = i;
    }
    for (int i = 0; i < found; i++, out += 26) {
        memcpy(out, nodes[best[i]].id, 20);
        memcpy(out + 20, &nodes[best[i]].at.sin_addr, 4);
        memcpy(out + 24, &nodes[best[i]].at.sin_port, 2);
    }
    return found * 26;
}

#define PUT(literal) (memcpy(p, literal, sizeof(literal) - 1), p += sizeof(literal) - 1)
#define PUT_BYTES(bytes, length) (memcpy(p, bytes, length), p += (length))

static size_t write_answer(const node *self, const uint8_t *query, const uint8_t *end, uint8_t *buffer) {
    uint8_t *p = buffer, closest[K * 26];
    text kind, verb, t, target;
    if (!find_text(query, end, "y", &kind) || kind.length != 1 || *kind.at != 'q') return 0;
    if (!find_text(query, end, "q", &verb) || !find_text(query, end, "t", &t) || t.length > 64) return 0;
    const uint8_t *arguments = find_key(query, end, "a");
    int get_peers = verb.length == 9 && !memcmp(verb.at, "get_peers", 9), find_node = verb.length == 9 && !memcmp(verb.at, "find_node", 9);
    PUT("d1:rd2:id20:");
    PUT_BYTES(self->id, 20);
    if ((get_peers || find_node) && find_text(arguments, end, get_peers ? "info_hash" : "target", &target) && target.length == 20) {
        int length = write_closest(target.at, closest);
        p += sprintf((char *)p, "5:nodes%d:", length);
        PUT_BYTES(closest, length);
    }
    if (get_peers) PUT("5:token4:toke");
    p += sprintf((char *)p, "e1:t%zu:", t.length);
    PUT_BYTES(t.at, t.length);
    PUT("1:y1:re");
    return p - buffer;
}

static void greet(const node *self, const struct sockaddr_in *target) {
    uint8_t buffer[PACKET], *p = buffer;
    PUT("d1:ad2:id20:");
    PUT_BYTES(self->id, 20);
    PUT("6:target20:");
    PUT_BYTES(self->id, 20);
    PUT("e1:q9:find_node1:t2:sw1:y1:qe");
    sendto(self->udp, buffer, p - buffer, MSG_DONTWAIT, (const struct sockaddr *)target, sizeof *target);
}

static void serve(const node *self) {
    uint8_t query[PACKET], answer[PACKET];
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    for (ssize_t length; (length = recvfrom(self->udp, query, sizeof query, MSG_DONTWAIT, (struct sockaddr *)&from, &size)) > 0; size = sizeof from) {
        size_t answered = write_answer(self, query, query + length, answer);
        if (answered) sendto(self->udp, answer, answered, MSG_DONTWAIT, (struct sockaddr *)&from, sizeof from);
    }
}

static int open_nodes(int epoll) {
    nodes = calloc(count, sizeof *nodes);
    for (int i = 0; i < count; i++) {
        node *n = &nodes[i];
        for (int k = 0; k < 20; k++) n->id[k] = random() >> 8;
        n->at = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(0x7f100000u + (i / 250) * 256 + i % 250 + 1)};
        n->udp = socket(AF_INET, SOCK_DGRAM, 0);
        if (n->udp < 0 || bind(n->udp, (struct sockaddr *)&n->at, sizeof n->at)) { perror("krpc_swarm: bind"); return 0; }
        epoll_ctl(epoll, EPOLL_CTL_ADD, n->udp, &(struct epoll_event){.events = EPOLLIN, .data.u32 = i});
    }
    return 1;
}

int main(int words, char **word) {
    double seconds = 120, rate = 200;
    struct sockaddr_in target = {.sin_family = AF_INET};
    char *colon = words > 1 ? strchr(word[1], ':') : NULL;
    if (!colon) { fprintf(stderr, "usage: krpc_swarm HOST:PORT [--n 400] [--port 6881] [--rate 200] [--seconds 120] [--seed 1]\n"); return 2; }
    *colon = 0;
    target.sin_port = htons(atoi(colon + 1));
    if (!inet_aton(word[1], &target.sin_addr) || ntohl(target.sin_addr.s_addr) >> 24 != 127) { fprintf(stderr, "krpc_swarm: only addresses of 127.0.0.0/8\n"); return 2; }
    for (int i = 2; i + 1 < words; i += 2) {
        if (!strcmp(word[i], "--n")) count = atoi(word[i + 1]);
        else if (!strcmp(word[i], "--port")) port = atoi(word[i + 1]);
        else if (!strcmp(word[i], "--rate")) rate = atof(word[i + 1]);
        else if (!strcmp(word[i], "--seconds")) seconds = atof(word[i + 1]);
        else if (!strcmp(word[i], "--seed")) srandom(atoi(word[i + 1]));
        else { fprintf(stderr, "krpc_swarm: unknown %s\n", word[i]); return 2; }
    }
    if (count < 1 || count > 50000 || seconds > 3600) { fprintf(stderr, "krpc_swarm: 1 to 50000 nodes, at most an hour\n"); return 2; }
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    signal(SIGTERM, stop);
    signal(SIGINT, stop);

    int epoll = epoll_create1(0);
    if (!open_nodes(epoll)) return 1;
    double start = now_seconds(), now = start, wave = start;
    for (int greeted = 0; !stopped && now - start < seconds; now = now_seconds()) {
        if (now - wave > 5) { wave = now; greeted = 0; }
        for (; greeted < count && greeted < (now - wave) * rate; greeted++) greet(&nodes[greeted], &target);
        struct epoll_event ready[256];
        int many = epoll_wait(epoll, ready, 256, 5);
        for (int i = 0; i < many; i++) serve(&nodes[ready[i].data.u32]);
    }
    return 0;
}
