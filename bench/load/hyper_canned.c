// The limit of this machine on the dht-rpc wire: a UDP server that answers with bytes made beforehand, of the size and the form that
// a real node gives, and looks at nothing but the command. With --echo it sends back what came, whatever it is.
//
//   hyper_canned 49737 [--echo]
#define _GNU_SOURCE
#include <sys/socket.h>
#include "dhtrpc.h"

enum { BATCH = 64, COMMANDS = 16 };

typedef struct { uint8_t bytes[PACKET]; size_t length; } packet;
static packet answers[COMMANDS];

static void make_answer(int command, uint8_t flags, const struct sockaddr_in *here, const uint8_t *value, int value_length) {
    uint8_t id[HASH], token[HASH] = {9}, *p = write_head(answers[command].bytes, RESPONSE, flags, 0, here);
    id_of(id, here);
    p = write_bytes(p, id, HASH);
    if (flags & HAS_TOKEN) p = write_bytes(p, token, HASH);
    if (flags & HAS_NODES) {
        *p++ = K;
        for (int i = 0; i < K; i++) p = write_bytes(p, (uint8_t[]){127, 88, 0, i + 1, 49800 & 255, 49800 >> 8}, ENDPOINT);
    }
    if (value_length > 0xfc) { *p++ = 0xfd; *p++ = value_length; *p++ = value_length >> 8; }
    else if (flags & HAS_VALUE) *p++ = value_length;
    if (value_length) p = write_bytes(p, value, value_length);
    answers[command].length = p - answers[command].bytes;
}

static void make_answers(const struct sockaddr_in *here) {
    uint8_t value[PACKET], target[HASH], *p = value;
    make_answer(INTERNAL_PING, HAS_ID, here, NULL, 0);
    make_answer(INTERNAL_FIND_NODE, HAS_ID | HAS_NODES, here, NULL, 0);
    *p++ = PEERS;
    for (int i = 0; i < PEERS; i++) {
        key_pair pair = announcer(i);
        p = write_peer(p, &pair, RELAYS);
    }
    *p++ = 0;
    make_answer(COMMAND_LOOKUP, HAS_ID | HAS_TOKEN | HAS_NODES | HAS_VALUE, here, value, p - value);
    value_of_bench(value, target);
    make_answer(COMMAND_IMMUTABLE_GET, HAS_ID | HAS_TOKEN | HAS_NODES | HAS_VALUE, here, value, VALUE);
}

int main(int count, char **words) {
    if (count < 2) { fprintf(stderr, "usage: hyper_canned PORT [--echo]\n"); return 2; }
    int echoes = count > 2 && !strcmp(words[2], "--echo");
    int udp = socket(AF_INET, SOCK_DGRAM, 0), buffer_bytes = 8 << 20;
    if (setsockopt(udp, SOL_SOCKET, SO_RCVBUFFORCE, &buffer_bytes, sizeof buffer_bytes))
        setsockopt(udp, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(udp, (struct sockaddr *)&here, sizeof here)) { perror("hyper_canned: bind"); return 1; }
    init_sodium();
    make_answers(&here);
    printf("listening on 127.0.0.1:%s\nready\n", words[1]);
    fflush(stdout);

    static uint8_t received[BATCH][PACKET], sent[BATCH][PACKET];
    static struct mmsghdr in[BATCH], out[BATCH];
    static struct iovec in_parts[BATCH], out_parts[BATCH];
    static struct sockaddr_in from[BATCH];
    for (int i = 0; i < BATCH; i++) {
        in_parts[i] = (struct iovec){received[i], PACKET};
        out_parts[i] = (struct iovec){echoes ? received[i] : sent[i], 0};
        in[i].msg_hdr = (struct msghdr){.msg_name = &from[i], .msg_iov = &in_parts[i], .msg_iovlen = 1};
        out[i].msg_hdr = (struct msghdr){.msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &out_parts[i], .msg_iovlen = 1};
    }
    for (;;) {
        for (int i = 0; i < BATCH; i++) in[i].msg_hdr.msg_namelen = sizeof from[i];
        int requests = recvmmsg(udp, in, BATCH, MSG_WAITFORONE, NULL);
        for (int i = 0; i < requests; i++) {
            out_parts[i].iov_len = in[i].msg_len;
            if (echoes) continue;
            const packet *a = &answers[in[i].msg_len > HEAD ? received[i][HEAD] % COMMANDS : 0];
            memcpy(sent[i], a->bytes, a->length);
            memcpy(sent[i] + 2, received[i] + 2, 2);
            write_endpoint(sent[i] + 4, &from[i]);
            out_parts[i].iov_len = a->length;
        }
        for (int done = 0; done < requests;) {
            int now = sendmmsg(udp, out + done, requests - done, 0);
            if (now <= 0) break;
            done += now;
        }
    }
}
