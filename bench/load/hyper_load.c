// Keeps N dht-rpc requests in flight to one node on loopback, checks every answer, and prints one line of JSON.
//
//   hyper_load 127.0.0.1:49737 --op find_node --seconds 3 --warm 1 --in-flight 256 --pid 1234
//
// --op fill announces 20 peers of 3 relays under one topic and puts a value of 200 bytes, as any client would: lookup and
// immutable_get ask for these. --op check holds the signature and the ids against known ones and asks nobody.
// --pid names the server process: its CPU time (all threads) is read at the two ends of the measured window, by the
// process that keeps the window, so that neither start-up nor warm-up is counted.
// Exit code: 0 all answers right, 1 none or wrong answers, 2 misuse.
#define _GNU_SOURCE
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "dhtrpc.h"

enum { BATCH = 64, REQUEST_SIZE = HEAD + 1 + HASH, TARGETS = 64, HISTOGRAM_US = 200000 };
enum operation { PING, FIND_NODE, LOOKUP, IMMUTABLE_GET, FILL, CHECK, OPERATIONS };
static const char *const operation_names[] = {"ping", "find_node", "lookup", "immutable_get", "fill", "check"};
static const size_t answer_sizes[] = {PING_ANSWER, FIND_NODE_ANSWER, LOOKUP_ANSWER, IMMUTABLE_ANSWER};
static const uint8_t answer_flags[] = {HAS_ID, HAS_ID | HAS_NODES, HAS_ID | HAS_TOKEN | HAS_NODES | HAS_VALUE, HAS_ID | HAS_TOKEN | HAS_NODES | HAS_VALUE};

static enum operation operation = PING;
static double seconds = 3, warm_seconds = 0.5, warm_cpu_seconds = 0;
static int in_flight = 256, server_pid = 0, echoes = 0;
static uint64_t chance = 1;

static int udp;
static struct sockaddr_in server;
static uint8_t own_endpoint[ENDPOINT], server_id[HASH], topic[HASH], value[VALUE], value_key[HASH], targets[TARGETS][HASH];
static key_pair announcers[PEERS];

// A slot's number and how often it was used make the request's 16 bits.
typedef struct { uint64_t sent_us; uint16_t use; uint8_t busy; } slot;
static slot *slots;
static int *free_slots, free_count;

static struct {
    uint64_t answers, bytes, wrong, lost, late, requests_in, sampled;
    char reason[160];
    uint32_t latency[HISTOGRAM_US + 1];
} seen;

static uint64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000u + t.tv_nsec / 1000;
}

static uint64_t next_chance(void) {  // splitmix64
    uint64_t z = (chance += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

// utime + stime of the whole process; fields 14 and 15, counted after the last ')' because a name may hold spaces.
static double cpu_seconds_of(int pid) {
    char path[64], line[2048];
    unsigned long user = 0, kernel = 0;
    if (!pid) return 0;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    size_t length = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    line[length] = 0;
    char *after_name = strrchr(line, ')');
    if (after_name) sscanf(after_name + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel);
    return (double)(user + kernel) / sysconf(_SC_CLK_TCK);
}

static double own_cpu_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static size_t write_request(uint8_t *buffer, enum operation what, uint16_t number) {
    static const uint8_t flags[] = {INTERNAL, INTERNAL | HAS_TARGET, HAS_TARGET, HAS_TARGET};
    static const uint8_t commands[] = {INTERNAL_PING, INTERNAL_FIND_NODE, COMMAND_LOOKUP, COMMAND_IMMUTABLE_GET};
    uint8_t *p = write_head(buffer, REQUEST, flags[what], number, &server);
    *p++ = commands[what];
    if (what == FIND_NODE) p = write_bytes(p, targets[next_chance() % TARGETS], HASH);
    if (what == LOOKUP) p = write_bytes(p, topic, HASH);
    if (what == IMMUTABLE_GET) p = write_bytes(p, value_key, HASH);
    return p - buffer;
}

static const char *fault_of_nodes(const answer *a) {
    if (a->node_count != K) return "not 20 nodes";
    for (int i = 0; i < K; i++) {
        const uint8_t *node = a->nodes + i * ENDPOINT;
        if (node[0] != 127) return "a node that is not on loopback";
        if (!node[4] && !node[5]) return "a node without a port";
        for (int k = 0; k < i; k++) if (!memcmp(node, a->nodes + k * ENDPOINT, ENDPOINT)) return "the same node twice";
    }
    return NULL;
}

static const char *fault_of_value(const answer *a) {
    if (operation == IMMUTABLE_GET) return a->value_length == VALUE && !memcmp(a->value, value, VALUE) ? NULL : "another value than was put";
    if (operation != LOOKUP) return NULL;
    int found = 0, peers = *a->value;
    if (peers != PEERS || a->value_length != 1 + PEERS * PEER + 1) return "not 20 peers of 3 relays";
    for (int i = 0; i < PEERS; i++) {
        uint8_t expected[PEER];
        write_peer(expected, &announcers[i], RELAYS);
        for (int k = 0; k < PEERS; k++) if (!memcmp(expected, a->value + 1 + k * PEER, PEER)) { found++; break; }
    }
    return found == PEERS ? NULL : "a peer that was announced is missing";
}

// What is wrong with an answer, or NULL. Size and form of each one, the contents of every 64th.
static const char *fault_of(const uint8_t *packet, size_t length) {
    static char message[120];
    answer a;
    if (echoes) return NULL;
    const char *fault = read_answer(packet, length, &a);
    if (fault) return fault;
    if (a.error) { snprintf(message, sizeof message, "error %d", a.error); return message; }
    if (length != answer_sizes[operation] || a.flags != answer_flags[operation]) {
        snprintf(message, sizeof message, "%zu bytes with flags %d in place of %zu with %d", length, a.flags, answer_sizes[operation], answer_flags[operation]);
        return message;
    }
    if (memcmp(a.to, own_endpoint, ENDPOINT)) return "an answer to somebody else";
    if (memcmp(a.id, server_id, HASH)) return "an id that is not that of the address";
    if (seen.sampled++ % 64) return NULL;
    fault = a.flags & HAS_NODES ? fault_of_nodes(&a) : NULL;
    return fault ? fault : fault_of_value(&a);
}

static void take(const uint8_t *packet, size_t length, uint64_t now) {
    if (length > 0 && packet[0] == REQUEST && !echoes) { seen.requests_in++; return; }
    int number = length > 3 ? packet[2] | packet[3] << 8 : 0, which = number % in_flight, use = number / in_flight;
    if (length <= 3 || !slots[which].busy || slots[which].use != use) { seen.late++; return; }
    uint64_t us = now > slots[which].sent_us ? now - slots[which].sent_us : 0;
    seen.latency[us < HISTOGRAM_US ? us : HISTOGRAM_US]++;
    slots[which].busy = 0;
    free_slots[free_count++] = which;
    const char *fault = fault_of(packet, length);
    if (fault) {
        if (!seen.wrong++) snprintf(seen.reason, sizeof seen.reason, "%s", fault);
        return;
    }
    seen.answers++;
    seen.bytes += length;
}

static struct mmsghdr incoming[BATCH], outgoing[BATCH];

static void prepare_batches(void) {
    static uint8_t received[BATCH][PACKET], requests[BATCH][REQUEST_SIZE];
    static struct iovec in[BATCH], out[BATCH];
    for (int i = 0; i < BATCH; i++) {
        in[i] = (struct iovec){received[i], PACKET};
        out[i] = (struct iovec){requests[i], 0};
        incoming[i].msg_hdr = (struct msghdr){.msg_iov = &in[i], .msg_iovlen = 1};
        outgoing[i].msg_hdr = (struct msghdr){.msg_iov = &out[i], .msg_iovlen = 1};
    }
}

static int receive_batch(void) {
    int count = recvmmsg(udp, incoming, BATCH, MSG_DONTWAIT, NULL);
    uint64_t now = now_us();
    for (int i = 0; i < count; i++) take(incoming[i].msg_hdr.msg_iov->iov_base, incoming[i].msg_len, now);
    return count > 0;
}

static int send_batch(void) {
    int count = free_count < BATCH ? free_count : BATCH, numbers[BATCH], uses = 65536 / in_flight;
    uint64_t now = now_us();
    for (int i = 0; i < count; i++) {
        int number = numbers[i] = free_slots[--free_count];
        slots[number] = (slot){now, (slots[number].use + 1) % uses, 1};
        struct iovec *packet = outgoing[i].msg_hdr.msg_iov;
        packet->iov_len = write_request(packet->iov_base, operation, slots[number].use * in_flight + number);
    }
    int sent = count ? sendmmsg(udp, outgoing, count, MSG_DONTWAIT) : 0;
    if (sent < 0) sent = 0;
    for (int i = sent; i < count; i++) { slots[numbers[i]].busy = 0; free_slots[free_count++] = numbers[i]; }
    return sent > 0;
}

static void expire(uint64_t now) {
    for (int i = 0; i < in_flight; i++) {
        if (!slots[i].busy || now < slots[i].sent_us + 1000000) continue;
        slots[i].busy = 0;
        free_slots[free_count++] = i;
        seen.lost++;
    }
}

static void run_until(uint64_t end) {
    uint64_t expired = now_us(), now;
    while ((now = now_us()) < end) {
        int busy = receive_batch();
        busy |= send_batch();
        if (now - expired > 50000) { expire(now); expired = now; }
        if (busy) continue;
        struct pollfd readable = {udp, POLLIN, 0};
        poll(&readable, 1, 1);
    }
}

// A JIT needs processor time, which a busy machine gives late: so many seconds, and until the server has used so much, at most 15 s.
static void warm_up(void) {
    uint64_t start = now_us();
    double used = cpu_seconds_of(server_pid);
    run_until(start + (uint64_t)(warm_seconds * 1e6));
    while (server_pid && cpu_seconds_of(server_pid) - used < warm_cpu_seconds && now_us() - start < 15000000) run_until(now_us() + 100000);
}

static int percentile_us(double share) {
    uint64_t total = 0, sum = 0;
    for (int i = 0; i <= HISTOGRAM_US; i++) total += seen.latency[i];
    for (int i = 0; i <= HISTOGRAM_US; i++) if ((sum += seen.latency[i]) >= total * share) return i;
    return HISTOGRAM_US;
}

// One request with repeats; the answer's bytes stay in `buffer`.
static void ask(const uint8_t *request, size_t length, uint8_t *buffer, answer *a, const char *what) {
    const char *fault = "no answer";
    for (int attempt = 0; attempt < 5; attempt++) {
        send(udp, request, length, 0);
        struct pollfd readable = {udp, POLLIN, 0};
        while (poll(&readable, 1, 500) > 0) {
            ssize_t received = recv(udp, buffer, PACKET, MSG_DONTWAIT);
            if (received < HEAD || buffer[0] != RESPONSE || memcmp(buffer + 2, request + 2, 2)) continue;
            fault = read_answer(buffer, received, a);
            if (!fault && a->error) fault = "an error";
            if (!fault) return;
        }
    }
    fprintf(stderr, "hyper_load: %s: %s\n", what, fault);
    exit(1);
}

// Writes with the token that a read of the same target brought.
static void store(enum operation read, uint8_t command, const uint8_t *target, const key_pair *pair) {
    static uint16_t number;
    uint8_t buffer[PACKET], request[PACKET], value_of_request[PACKET];
    answer a;
    ask(request, write_request(request, read, ++number), buffer, &a, operation_names[read]);
    if (!a.token || !a.id || memcmp(a.id, server_id, HASH)) { fprintf(stderr, "hyper_load: %s brought no token or no id\n", operation_names[read]); exit(1); }
    uint8_t *p = write_head(request, REQUEST, ASKS_WITH_TOKEN | HAS_TARGET | BRINGS_VALUE, ++number, &server);
    p = write_bytes(p, a.token, HASH);
    *p++ = command;
    p = write_bytes(p, target, HASH);
    size_t length = pair ? (size_t)(write_announcement(value_of_request, pair, RELAYS, target, a.id, a.token) - value_of_request) : VALUE;
    if (length > 0xfc) abort();
    *p++ = length;
    p = write_bytes(p, pair ? value_of_request : value, length);
    ask(request, p - request, buffer, &a, pair ? "announce" : "immutable_put");
}

static int fill(void) {
    for (int i = 0; i < PEERS; i++) store(LOOKUP, COMMAND_ANNOUNCE, topic, &announcers[i]);
    store(IMMUTABLE_GET, COMMAND_IMMUTABLE_PUT, value_key, NULL);
    printf("{\"op\":\"fill\",\"answers\":%d,\"wrong\":0,\"wrong_reason\":\"\"}\n", PEERS + 1);
    return 0;
}

static int differs(const char *what, const uint8_t *bytes, size_t length, const char *expected) {
    char hex[2 * PACKET + 1] = "";
    for (size_t i = 0; i < length; i++) sprintf(hex + 2 * i, "%02x", bytes[i]);
    if (!strcmp(hex, expected)) return 0;
    fprintf(stderr, "hyper_load: %s is %s, expected %s\n", what, hex, expected);
    return 1;
}

// Against figures of npm hyperdht 6.34.0: the id of an address, and an announce by the key pair of seed 01 x 32 with the token 09 x 32.
static int check(void) {
    uint8_t id[HASH], token[HASH], announcement[PACKET];
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(49737)};
    inet_aton("88.99.3.86", &at.sin_addr);
    id_of(id, &at);
    int wrong = differs("the id of 88.99.3.86:49737", id, HASH, "54d4b9c6441048061f80cf69564cee46a5730adfcd59fbe6c056bb49af771546");
    key_pair pair = announcer(0);
    memset(token, 9, HASH);
    static const uint8_t target[HASH] = {0x81, 0x97, 0xab, 0x16, 0x63, 0x0d, 0xa3, 0xb3, 0x29, 0x8f, 0x75, 0xd6, 0x8a, 0x42, 0x30, 0xd3, 0x9e, 0x4f, 0xb4, 0xd2, 0xef, 0x46, 0xec, 0x65, 0xaa, 0x3e, 0xad, 0xbb, 0x6c, 0xdb, 0x30, 0x48};
    static const uint8_t node[HASH] = {0x81, 0xb5, 0x23, 0x4a, 0x70, 0x53, 0x5d, 0xea, 0x3b, 0xb3, 0xd2, 0xab, 0x8e, 0x91, 0xb4, 0x67, 0xdb, 0x2d, 0x36, 0x28, 0x57, 0xae, 0xa8, 0x60, 0x12, 0xd4, 0x6b, 0x89, 0xb9, 0xbb, 0x31, 0x50};
    size_t length = write_announcement(announcement, &pair, 0, target, node, token) - announcement;
    wrong |= differs("the announce", announcement, length, "058a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c00"
        "c6feb0b39c3a906c6272b092991fe712263ad4382f78265c8021b4eb0821113886ac0f8f667ded9744b661fd55aa56dcf98daed23c506e65f9e0e265a01e9102");
    wrong |= FIND_NODE_ANSWER != 163 || LOOKUP_ANSWER != 1220 || IMMUTABLE_ANSWER != 396;
    printf("{\"op\":\"check\",\"answers\":%d,\"wrong\":%d,\"wrong_reason\":\"%s\"}\n", !wrong, wrong, wrong ? "this generator does not write what npm hyperdht writes" : "");
    return wrong;
}

static void misuse(const char *why) {
    fprintf(stderr, "hyper_load: %s\nusage: hyper_load HOST:PORT [--op ping|find_node|lookup|immutable_get|fill|check] [--seconds 3] [--warm 0.5]"
        " [--warm-cpu 0: seconds that the server has used before the window] [--in-flight 256] [--pid PID] [--echo 1: an answer is only counted] [--seed 1]\n", why);
    exit(2);
}

static void parse(int count, char **words) {
    char *colon = count > 1 ? strchr(words[1], ':') : NULL;
    if (!colon) misuse("HOST:PORT comes first");
    *colon = 0;
    server.sin_family = AF_INET;
    server.sin_port = htons(atoi(colon + 1));
    if (!inet_aton(words[1], &server.sin_addr) || ntohl(server.sin_addr.s_addr) >> 24 != 127) misuse("only addresses of 127.0.0.0/8");
    for (int i = 2; i < count; i += 2) {
        const char *key = words[i], *text = i + 1 < count ? words[i + 1] : NULL;
        if (!text) misuse("a value is missing");
        if (!strcmp(key, "--op")) {
            for (operation = 0; operation < OPERATIONS && strcmp(text, operation_names[operation]); operation++) { }
            if (operation == OPERATIONS) misuse("unknown --op");
        }
        else if (!strcmp(key, "--seconds")) seconds = atof(text);
        else if (!strcmp(key, "--warm")) warm_seconds = atof(text);
        else if (!strcmp(key, "--warm-cpu")) warm_cpu_seconds = atof(text);
        else if (!strcmp(key, "--in-flight")) in_flight = atoi(text);
        else if (!strcmp(key, "--pid")) server_pid = atoi(text);
        else if (!strcmp(key, "--echo")) echoes = atoi(text);
        else if (!strcmp(key, "--seed")) chance = strtoull(text, NULL, 10);
        else misuse(key);
    }
    if (seconds <= 0 || seconds > 60 || warm_seconds < 0 || warm_seconds > 60 || warm_cpu_seconds > 10) misuse("at most 60 seconds");
    if (in_flight < 1 || in_flight > 8192) misuse("1 to 8192 in flight");
}

static void open_socket(void) {
    struct sockaddr_in here;
    socklen_t size = sizeof here;
    udp = socket(AF_INET, SOCK_DGRAM, 0);
    int buffer_bytes = 8 << 20;  // the default buffer loses the tail of a burst of 256
    if (setsockopt(udp, SOL_SOCKET, SO_RCVBUFFORCE, &buffer_bytes, sizeof buffer_bytes))
        setsockopt(udp, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
    if (connect(udp, (struct sockaddr *)&server, sizeof server) || getsockname(udp, (struct sockaddr *)&here, &size)) { perror("hyper_load: connect"); exit(1); }
    write_endpoint(own_endpoint, &here);
    id_of(server_id, &server);
}

int main(int count, char **words) {
    parse(count, words);
    init_sodium();
    if (operation == CHECK) return check();
    open_socket();
    topic_of_bench(topic);
    value_of_bench(value, value_key);
    for (int i = 0; i < PEERS; i++) announcers[i] = announcer(i);
    for (int i = 0; i < TARGETS; i++) for (int k = 0; k < HASH; k++) targets[i][k] = next_chance();
    if (operation == FILL) return fill();

    slots = calloc(in_flight, sizeof *slots);
    free_slots = calloc(in_flight, sizeof *free_slots);
    for (int i = 0; i < in_flight; i++) free_slots[free_count++] = i;
    prepare_batches();
    warm_up();
    seen.answers = seen.bytes = seen.lost = seen.late = 0;
    memset(seen.latency, 0, sizeof seen.latency);

    uint64_t start = now_us();
    double server_start = cpu_seconds_of(server_pid), own_start = own_cpu_seconds();
    run_until(start + (uint64_t)(seconds * 1e6));
    double elapsed = (now_us() - start) / 1e6, own = own_cpu_seconds() - own_start;
    double used = cpu_seconds_of(server_pid) - server_start;

    for (char *c = seen.reason; *c; c++) if (*c < 32 || *c > 126 || *c == '"' || *c == '\\') *c = '?';
    printf("{\"op\":\"%s\",\"seconds\":%.3f,\"in_flight\":%d,\"answers\":%lu,\"answers_per_second\":%.0f,\"cpu_seconds\":%.2f,"
        "\"answers_per_cpu_second\":%.0f,\"server_busy\":%.3f,\"generator_busy\":%.3f,\"bytes_per_answer\":%.1f,\"p50_us\":%d,\"p99_us\":%d,"
        "\"lost\":%lu,\"late\":%lu,\"requests_in\":%lu,\"wrong\":%lu,\"wrong_reason\":\"%s\"}\n",
        operation_names[operation], elapsed, in_flight, seen.answers, seen.answers / elapsed, used,
        used > 0 ? seen.answers / used : 0, used / elapsed, own / elapsed, seen.answers ? (double)seen.bytes / seen.answers : 0,
        percentile_us(0.5), percentile_us(0.99), seen.lost, seen.late, seen.requests_in, seen.wrong, seen.reason);
    return seen.answers && !seen.wrong ? 0 : 1;
}
