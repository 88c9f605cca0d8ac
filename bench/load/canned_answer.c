// The limit of this machine: a UDP server that answers every query with the same bytes and looks at nothing but the
// query's length (to choose the size of the answer) and its transaction id, which krpc_load always writes in the same place.
//
//   canned_answer 6881
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 64, SIZE = 2048, LONGEST_PING = 80, AFTER_TRANSACTION = 7, TRANSACTION = 4 };

typedef struct { char bytes[512]; size_t length; } answer;

static answer make_answer(int contacts) {
    answer a = {.length = 0};
    a.length += sprintf(a.bytes, "d1:rd2:id20:kadstone-bench-node-");
    if (contacts) a.length += sprintf(a.bytes + a.length, "5:nodes%d:", contacts * 26);
    for (int i = 0; i < contacts; i++) {
        memset(a.bytes + a.length, 'a' + i, 20);
        memcpy(a.bytes + a.length + 20, (char[]){127, 16, 0, i + 1, 6881 >> 8, (char)6881}, 6);
        a.length += 26;
    }
    a.length += sprintf(a.bytes + a.length, "e1:t4:....1:y1:re");
    return a;
}

int main(int count, char **words) {
    if (count != 2) { fprintf(stderr, "usage: canned_answer PORT\n"); return 2; }
    int udp = socket(AF_INET, SOCK_DGRAM, 0), buffer_bytes = 8 << 20;
    if (setsockopt(udp, SOL_SOCKET, SO_RCVBUFFORCE, &buffer_bytes, sizeof buffer_bytes))
        setsockopt(udp, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(udp, (struct sockaddr *)&here, sizeof here)) { perror("canned_answer: bind"); return 1; }
    printf("listening on 127.0.0.1:%s\nready\n", words[1]);
    fflush(stdout);

    static char received[BATCH][SIZE], sent[BATCH][SIZE];
    static struct mmsghdr in[BATCH], out[BATCH];
    static struct iovec in_parts[BATCH], out_parts[BATCH];
    static struct sockaddr_in from[BATCH];
    answer pong = make_answer(0), nodes = make_answer(8);
    for (int i = 0; i < BATCH; i++) {
        in_parts[i] = (struct iovec){received[i], SIZE};
        out_parts[i] = (struct iovec){sent[i], 0};
        in[i].msg_hdr = (struct msghdr){.msg_name = &from[i], .msg_iov = &in_parts[i], .msg_iovlen = 1};
        out[i].msg_hdr = (struct msghdr){.msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &out_parts[i], .msg_iovlen = 1};
    }
    for (;;) {
        for (int i = 0; i < BATCH; i++) in[i].msg_hdr.msg_namelen = sizeof from[i];
        int queries = recvmmsg(udp, in, BATCH, MSG_WAITFORONE, NULL);
        for (int i = 0; i < queries; i++) {
            int length = in[i].msg_len;
            const answer *a = length <= LONGEST_PING ? &pong : &nodes;
            memcpy(sent[i], a->bytes, a->length);
            if (length > AFTER_TRANSACTION + TRANSACTION)
                memcpy(sent[i] + a->length - AFTER_TRANSACTION - TRANSACTION, received[i] + length - AFTER_TRANSACTION - TRANSACTION, TRANSACTION);
            out_parts[i].iov_len = a->length;
        }
        for (int done = 0; done < queries;) {
            int now = sendmmsg(udp, out + done, queries - done, 0);
            if (now <= 0) break;
            done += now;
        }
    }
}
