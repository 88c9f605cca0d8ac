// Keeps N KRPC queries in flight to one node on loopback, checks every answer, and prints one line of JSON.
//
//   krpc_load 127.0.0.1:6881 --op find_node --seconds 3 --warm 1 --in-flight 256 --pid 1234
//
// --pid names the server process: its CPU time (all threads) is read at the two ends of the measured window, by the
// process that keeps the window, so that neither start-up nor warm-up is counted.
// Exit code: 0 all answers right, 1 none or wrong answers, 2 misuse.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "bencode.h"

enum { BATCH = 64, QUERY_SIZE = 256, ANSWER_SIZE = 9216, MAX_HASHES = 1024, MAX_TOKEN = 64, HISTOGRAM_US = 200000 };
enum operation { PING, FIND_NODE, GET_PEERS, ANNOUNCE_PEER, OPERATIONS };
static const char *const operation_names[] = {"ping", "find_node", "get_peers", "announce_peer"};

static enum operation operation = PING;
static double seconds = 3, warm_seconds = 0.5;
static int in_flight = 256, hash_count = 64, announced_ports = 100, expected_nodes = 8, server_pid = 0;
static uint64_t chance = 1;

static int udp;
static uint8_t own_id[20], hashes[MAX_HASHES][20], tokens[MAX_HASHES][MAX_TOKEN];
static size_t token_lengths[MAX_HASHES];

typedef struct { uint64_t sent_us; uint16_t generation; uint8_t busy; } slot;
static slot *slots;
static int *free_slots, free_count;

static struct {
    uint64_t answers, bytes, wrong, lost, late, queries_in, with_values, sampled;
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

static void random_id(uint8_t *id) { for (int i = 0; i < 20; i++) id[i] = next_chance(); }

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

#define PUT(literal) (memcpy(p, literal, sizeof(literal) - 1), p += sizeof(literal) - 1)
#define PUT_BYTES(bytes, count) (memcpy(p, bytes, count), p += (count))

static size_t write_query(uint8_t *buffer, enum operation what, int hash, uint16_t number, uint16_t generation) {
    uint8_t *p = buffer;
    PUT("d1:ad2:id20:");
    PUT_BYTES(own_id, 20);
    if (what == FIND_NODE) { PUT("6:target20:"); PUT_BYTES(hashes[hash], 20); }
    if (what == GET_PEERS || what == ANNOUNCE_PEER) { PUT("9:info_hash20:"); PUT_BYTES(hashes[hash], 20); }
    if (what == ANNOUNCE_PEER) {
        p += sprintf((char *)p, "4:porti%de5:token%zu:", 10000 + (int)(next_chance() % announced_ports), token_lengths[hash]);
        PUT_BYTES(tokens[hash], token_lengths[hash]);
    }
    p += sprintf((char *)p, "e1:q%zu:%s1:t4:", strlen(operation_names[what]), operation_names[what]);
    *p++ = number >> 8; *p++ = number; *p++ = generation >> 8; *p++ = generation;
    PUT("1:y1:qe");
    return p - buffer;
}

// A node that is asked often asks back. One that never hears an answer would spend its time on repeats.
static void answer_query(const uint8_t *packet, const uint8_t *end) {
    text t;
    uint8_t buffer[QUERY_SIZE], *p = buffer;
    seen.queries_in++;
    if (!find_text(packet, end, "t", &t) || t.length > 32) return;
    PUT("d1:rd2:id20:");
    PUT_BYTES(own_id, 20);
    p += sprintf((char *)p, "e1:t%zu:", t.length);
    PUT_BYTES(t.at, t.length);
    PUT("1:y1:re");
    if (send(udp, buffer, p - buffer, MSG_DONTWAIT) < 0) return;
}

// What is wrong with the contacts of an answer, or NULL: distinct, on loopback, with a port.
static const char *fault_of_contacts(text nodes) {
    for (size_t i = 0; i + 26 <= nodes.length; i += 26) {
        const uint8_t *contact = nodes.at + i;
        if (contact[20] != 127) return "a contact that is not on loopback";
        if (!contact[24] && !contact[25]) return "a contact without a port";
        for (size_t k = 0; k < i; k += 26) if (!memcmp(contact, nodes.at + k, 20)) return "the same contact twice";
    }
    return NULL;
}

// What is wrong with an answer, or NULL.
static const char *fault_of(const uint8_t *packet, const uint8_t *end) {
    static char message[120];
    text kind, id, nodes, token;
    if (!find_text(packet, end, "y", &kind) || kind.length != 1) return "no kind";
    if (*kind.at == 'e') {
        const uint8_t *error = find_key(packet, end, "e");
        text words = {(const uint8_t *)"", 0};
        if (error && *error == 'l' && (error = skip_value(error + 1, end, 0))) read_text(error, end, &words);
        snprintf(message, sizeof message, "a KRPC error: %.*s", (int)(words.length < 80 ? words.length : 80), words.at);
        return message;
    }
    const uint8_t *reply = find_key(packet, end, "r");
    if (*kind.at != 'r' || !reply) return "neither an answer nor an error";
    if (!find_text(reply, end, "id", &id) || id.length != 20) return "no id of 20 bytes";
    if (operation == PING || operation == ANNOUNCE_PEER) return NULL;
    int has_values = find_key(reply, end, "values") != NULL, has_nodes = find_text(reply, end, "nodes", &nodes);
    if (operation == GET_PEERS) {
        seen.with_values += has_values;
        if (!find_text(reply, end, "token", &token) || !token.length) return "get_peers without a token";
    }
    if (has_values && !has_nodes) return NULL;
    if (!has_nodes) return "no nodes";
    if (expected_nodes && nodes.length != (size_t)expected_nodes * 26) {
        snprintf(message, sizeof message, "%zu bytes of nodes in place of %d", nodes.length, expected_nodes * 26);
        return message;
    }
    return seen.sampled++ % 64 ? NULL : fault_of_contacts(nodes);
}

static void take(const uint8_t *packet, size_t length, uint64_t now) {
    const uint8_t *end = packet + length;
    text kind, t;
    if (find_text(packet, end, "y", &kind) && kind.length == 1 && *kind.at == 'q') { answer_query(packet, end); return; }
    if (!find_text(packet, end, "t", &t) || t.length != 4) { seen.late++; return; }
    int number = t.at[0] << 8 | t.at[1], generation = t.at[2] << 8 | t.at[3];
    if (number >= in_flight || !slots[number].busy || slots[number].generation != generation) { seen.late++; return; }
    uint64_t us = now > slots[number].sent_us ? now - slots[number].sent_us : 0;
    seen.latency[us < HISTOGRAM_US ? us : HISTOGRAM_US]++;
    slots[number].busy = 0;
    free_slots[free_count++] = number;
    const char *fault = fault_of(packet, end);
    if (fault) {
        if (!seen.wrong++) snprintf(seen.reason, sizeof seen.reason, "%s", fault);
        return;
    }
    seen.answers++;
    seen.bytes += length;
}

static void fetch_tokens(void) {
    uint8_t buffer[ANSWER_SIZE];
    for (int hash = 0; hash < hash_count; hash++) {
        for (int attempt = 0; attempt < 5 && !token_lengths[hash]; attempt++) {
            send(udp, buffer, write_query(buffer, GET_PEERS, hash, hash, 0xffff), 0);
            struct pollfd readable = {udp, POLLIN, 0};
            while (!token_lengths[hash] && poll(&readable, 1, 200) > 0) {
                ssize_t length = recv(udp, buffer, sizeof buffer, MSG_DONTWAIT);
                if (length <= 0) break;
                text t, token;
                if (!find_text(buffer, buffer + length, "t", &t) || t.length != 4 || (t.at[0] << 8 | t.at[1]) != hash) continue;
                if (!find_text(find_key(buffer, buffer + length, "r"), buffer + length, "token", &token)) continue;
                if (token.length > MAX_TOKEN) continue;
                memcpy(tokens[hash], token.at, token.length);
                token_lengths[hash] = token.length;
            }
        }
        if (!token_lengths[hash]) { fprintf(stderr, "krpc_load: the node gave no token\n"); exit(1); }
    }
}

static struct mmsghdr incoming[BATCH], outgoing[BATCH];

static void prepare_batches(void) {
    static uint8_t received[BATCH][ANSWER_SIZE], queries[BATCH][QUERY_SIZE];
    static struct iovec in[BATCH], out[BATCH];
    for (int i = 0; i < BATCH; i++) {
        in[i] = (struct iovec){received[i], ANSWER_SIZE};
        out[i] = (struct iovec){queries[i], 0};
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
    int count = free_count < BATCH ? free_count : BATCH, numbers[BATCH];
    uint64_t now = now_us();
    for (int i = 0; i < count; i++) {
        int number = numbers[i] = free_slots[--free_count];
        slots[number] = (slot){now, slots[number].generation + 1, 1};
        struct iovec *packet = outgoing[i].msg_hdr.msg_iov;
        packet->iov_len = write_query(packet->iov_base, operation, next_chance() % hash_count, number, slots[number].generation);
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

static int percentile_us(double share) {
    uint64_t total = 0, sum = 0;
    for (int i = 0; i <= HISTOGRAM_US; i++) total += seen.latency[i];
    for (int i = 0; i <= HISTOGRAM_US; i++) if ((sum += seen.latency[i]) >= total * share) return i;
    return HISTOGRAM_US;
}

static void misuse(const char *why) {
    fprintf(stderr, "krpc_load: %s\nusage: krpc_load HOST:PORT [--op ping|find_node|get_peers|announce_peer] [--seconds 3] [--warm 0.5]"
        " [--in-flight 256] [--pid PID] [--hashes 64] [--ports 100] [--nodes 8, 0 = any] [--seed 1]\n", why);
    exit(2);
}

static void parse(int count, char **words, struct sockaddr_in *target) {
    char *colon = count > 1 ? strchr(words[1], ':') : NULL;
    if (!colon) misuse("HOST:PORT comes first");
    *colon = 0;
    target->sin_family = AF_INET;
    target->sin_port = htons(atoi(colon + 1));
    if (!inet_aton(words[1], &target->sin_addr) || ntohl(target->sin_addr.s_addr) >> 24 != 127) misuse("only addresses of 127.0.0.0/8");
    for (int i = 2; i < count; i += 2) {
        const char *key = words[i], *value = i + 1 < count ? words[i + 1] : NULL;
        if (!value) misuse("a value is missing");
        if (!strcmp(key, "--op")) {
            for (operation = 0; operation < OPERATIONS && strcmp(value, operation_names[operation]); operation++) { }
            if (operation == OPERATIONS) misuse("unknown --op");
        }
        else if (!strcmp(key, "--seconds")) seconds = atof(value);
        else if (!strcmp(key, "--warm")) warm_seconds = atof(value);
        else if (!strcmp(key, "--in-flight")) in_flight = atoi(value);
        else if (!strcmp(key, "--pid")) server_pid = atoi(value);
        else if (!strcmp(key, "--hashes")) hash_count = atoi(value);
        else if (!strcmp(key, "--ports")) announced_ports = atoi(value);
        else if (!strcmp(key, "--nodes")) expected_nodes = atoi(value);
        else if (!strcmp(key, "--seed")) chance = strtoull(value, NULL, 10);
        else misuse(key);
    }
    if (seconds <= 0 || seconds > 60 || warm_seconds < 0 || warm_seconds > 60) misuse("at most 60 seconds");
    if (in_flight < 1 || in_flight > 65535) misuse("1 to 65535 in flight");
    if (hash_count < 1 || hash_count > MAX_HASHES || announced_ports < 1 || announced_ports > 50000) misuse("out of range");
}

int main(int count, char **words) {
    struct sockaddr_in target = {0};
    parse(count, words, &target);
    udp = socket(AF_INET, SOCK_DGRAM, 0);
    int buffer_bytes = 8 << 20;  // the default buffer loses the tail of a burst of 256
    if (setsockopt(udp, SOL_SOCKET, SO_RCVBUFFORCE, &buffer_bytes, sizeof buffer_bytes))
        setsockopt(udp, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
    if (connect(udp, (struct sockaddr *)&target, sizeof target)) { perror("krpc_load: connect"); return 1; }

    random_id(own_id);
    for (int i = 0; i < hash_count; i++) random_id(hashes[i]);
    slots = calloc(in_flight, sizeof *slots);
    free_slots = calloc(in_flight, sizeof *free_slots);
    for (int i = 0; i < in_flight; i++) free_slots[free_count++] = i;
    prepare_batches();
    if (operation == ANNOUNCE_PEER) fetch_tokens();

    run_until(now_us() + (uint64_t)(warm_seconds * 1e6));
    seen.answers = seen.bytes = seen.lost = seen.late = seen.with_values = 0;
    memset(seen.latency, 0, sizeof seen.latency);

    uint64_t start = now_us();
    double server_start = cpu_seconds_of(server_pid), own_start = own_cpu_seconds();
    run_until(start + (uint64_t)(seconds * 1e6));
    double elapsed = (now_us() - start) / 1e6, own = own_cpu_seconds() - own_start;
    double server = cpu_seconds_of(server_pid) - server_start;

    for (char *c = seen.reason; *c; c++) if (*c < 32 || *c > 126 || *c == '"' || *c == '\\') *c = '?';
    printf("{\"op\":\"%s\",\"seconds\":%.3f,\"in_flight\":%d,\"answers\":%lu,\"answers_per_second\":%.0f,\"cpu_seconds\":%.2f,"
        "\"answers_per_cpu_second\":%.0f,\"server_busy\":%.3f,\"generator_busy\":%.3f,\"bytes_per_answer\":%.1f,\"p50_us\":%d,\"p99_us\":%d,"
        "\"lost\":%lu,\"late\":%lu,\"queries_in\":%lu,\"with_values\":%lu,\"wrong\":%lu,\"wrong_reason\":\"%s\"}\n",
        operation_names[operation], elapsed, in_flight, seen.answers, seen.answers / elapsed, server,
        server > 0 ? seen.answers / server : 0, server / elapsed, own / elapsed, seen.answers ? (double)seen.bytes / seen.answers : 0,
        percentile_us(0.5), percentile_us(0.99), seen.lost, seen.late, seen.queries_in, seen.with_values,
        seen.wrong, seen.reason);
    return seen.answers && !seen.wrong ? 0 : 1;
}
