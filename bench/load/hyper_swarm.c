// N persistent dht-rpc nodes, each with its own address 127.88.x.y, the id that belongs to it, and its own socket: they fill
// the routing table of the node under test and answer what it asks.
//
//   hyper_swarm 127.0.0.1:49737 --n 200 --port 49800 --seconds 120
//
// Each node greets the target with a FIND_NODE for its own id, `rate` of them a second, and again every 5 s: the target may start
// after the swarm does, so that it can bootstrap from 127.88.0.1.
#define _GNU_SOURCE
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include "dhtrpc.h"

typedef struct { uint8_t id[HASH]; struct sockaddr_in at; int udp; } node;
static node *nodes;
static int count = 200, port = 49800;
static volatile sig_atomic_t stopped;

static void stop(int signal) { (void)signal; stopped = 1; }

static double now_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static int is_closer(const uint8_t *target, const uint8_t *a, const uint8_t *b) {
    for (int i = 0; i < HASH; i++) {
        uint8_t x = a[i] ^ target[i], y = b[i] ^ target[i];
        if (x != y) return x < y;
    }
    return 0;
}

static uint8_t *write_closest(uint8_t *p, const uint8_t *target) {
    int best[K], found = 0;
    for (int i = 0; i < count; i++) {
        int place = found;
        while (place > 0 && is_closer(target, nodes[i].id, nodes[best[place - 1]].id)) place--;
        if (place == K) continue;
        if (found < K) found++;
        memmove(best + place + 1, best + place, (found - place - 1) * sizeof *best);
        best[place] = i;
    }
    *p++ = found;
    for (int i = 0; i < found; i++, p += ENDPOINT) write_endpoint(p, &nodes[best[i]].at);
    return p;
}

// Every command is answered alike: with the id, and with nodes when there is a target.
static size_t write_answer(const node *self, const uint8_t *request, size_t length, const struct sockaddr_in *from, uint8_t *out) {
    if (length < HEAD + 1 || request[0] != REQUEST) return 0;
    uint8_t flags = request[1];
    size_t target = HEAD + (flags & ASKS_WITH_ID ? HASH : 0) + (flags & ASKS_WITH_TOKEN ? HASH : 0) + 1;
    int asks_for_nodes = flags & HAS_TARGET && length >= target + HASH;
    uint8_t *p = write_head(out, RESPONSE, HAS_ID | (asks_for_nodes ? HAS_NODES : 0), request[2] | request[3] << 8, from);
    p = write_bytes(p, self->id, HASH);
    if (asks_for_nodes) p = write_closest(p, request + target);
    return p - out;
}

static void greet(const node *self, const struct sockaddr_in *target) {
    uint8_t buffer[PACKET], *p = write_head(buffer, REQUEST, ASKS_WITH_ID | INTERNAL | HAS_TARGET, 1, target);
    p = write_bytes(p, self->id, HASH);
    *p++ = INTERNAL_FIND_NODE;
    p = write_bytes(p, self->id, HASH);
    sendto(self->udp, buffer, p - buffer, MSG_DONTWAIT, (const struct sockaddr *)target, sizeof *target);
}

static void serve(const node *self) {
    uint8_t request[PACKET], out[PACKET];
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    for (ssize_t length; (length = recvfrom(self->udp, request, sizeof request, MSG_DONTWAIT, (struct sockaddr *)&from, &size)) > 0; size = sizeof from) {
        size_t answered = write_answer(self, request, length, &from, out);
        if (answered) sendto(self->udp, out, answered, MSG_DONTWAIT, (struct sockaddr *)&from, sizeof from);
    }
}

static int open_nodes(int epoll) {
    nodes = calloc(count, sizeof *nodes);
    for (int i = 0; i < count; i++) {
        node *n = &nodes[i];
        n->at = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(0x7f580000u + (i / 250) * 256 + i % 250 + 1)};
        id_of(n->id, &n->at);
        n->udp = socket(AF_INET, SOCK_DGRAM, 0);
        if (n->udp < 0 || bind(n->udp, (struct sockaddr *)&n->at, sizeof n->at)) { perror("hyper_swarm: bind"); return 0; }
        epoll_ctl(epoll, EPOLL_CTL_ADD, n->udp, &(struct epoll_event){.events = EPOLLIN, .data.u32 = i});
    }
    return 1;
}

int main(int words, char **word) {
    double seconds = 120, rate = 200;
    struct sockaddr_in target = {.sin_family = AF_INET};
    char *colon = words > 1 ? strchr(word[1], ':') : NULL;
    if (!colon) { fprintf(stderr, "usage: hyper_swarm HOST:PORT [--n 200] [--port 49800] [--rate 200] [--seconds 120]\n"); return 2; }
    *colon = 0;
    target.sin_port = htons(atoi(colon + 1));
    if (!inet_aton(word[1], &target.sin_addr) || ntohl(target.sin_addr.s_addr) >> 24 != 127) { fprintf(stderr, "hyper_swarm: only addresses of 127.0.0.0/8\n"); return 2; }
    for (int i = 2; i + 1 < words; i += 2) {
        if (!strcmp(word[i], "--n")) count = atoi(word[i + 1]);
        else if (!strcmp(word[i], "--port")) port = atoi(word[i + 1]);
        else if (!strcmp(word[i], "--rate")) rate = atof(word[i + 1]);
        else if (!strcmp(word[i], "--seconds")) seconds = atof(word[i + 1]);
        else { fprintf(stderr, "hyper_swarm: unknown %s\n", word[i]); return 2; }
    }
    if (count < 1 || count > 50000 || seconds > 3600) { fprintf(stderr, "hyper_swarm: 1 to 50000 nodes, at most an hour\n"); return 2; }
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    init_sodium();

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
