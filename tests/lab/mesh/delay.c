/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delay.c - delay A B MS: a cable between two network devices, on which everything takes MS milliseconds either way. Ends when one
 * of the devices is gone.
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_FRAME = 70000, MAX_FRAMES = 4096 };

struct frame {
	STAILQ_ENTRY(frame) next;
	long long due_us;
	int to;
	size_t len;
	char data[]; /* begins with what the kernel still has to do to it, such as its checksum */
};

static STAILQ_HEAD(, frame) frames = STAILQ_HEAD_INITIALIZER(frames);
static int waiting;

static long long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static int attach(const char *device)
{
	const int on = 1;
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	at.sll_ifindex = (int)if_nametoindex(device);
	if (fd < 0 || at.sll_ifindex == 0 || setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0) {
		perror(device);
		exit(1);
	}
	return fd;
}

static void receive(int from, int to, long long delay_us)
{
	static char buffer[MAX_FRAME];
	ssize_t len = recv(from, buffer, sizeof(buffer), MSG_DONTWAIT);
	struct frame *f;

	if (len < 0)
		exit(0);
	if (waiting == MAX_FRAMES || (f = malloc(sizeof(*f) + (size_t)len)) == NULL)
		return;
	f->due_us = now_us() + delay_us;
	f->to = to;
	f->len = (size_t)len;
	memcpy(f->data, buffer, f->len);
	STAILQ_INSERT_TAIL(&frames, f, next);
	waiting++;
}

/* Sends what is due, and says how many milliseconds there are until the next; -1: nothing waits. */
static int send_due(void)
{
	struct frame *f;

	while ((f = STAILQ_FIRST(&frames)) != NULL) {
		long long left_us = f->due_us - now_us();

		if (left_us > 0)
			return (int)(left_us / 1000 + 1);
		if (send(f->to, f->data, f->len, 0) < 0)
			perror("delay: send");
		STAILQ_REMOVE_HEAD(&frames, next);
		free(f);
		waiting--;
	}
	return -1;
}

int main(int argc, char **argv)
{
	struct pollfd ends[2] = {{.events = POLLIN}, {.events = POLLIN}};
	long long delay_us;

	if (argc != 4)
		return 64;
	ends[0].fd = attach(argv[1]);
	ends[1].fd = attach(argv[2]);
	delay_us = atoll(argv[3]) * 1000;
	for (;;) {
		poll(ends, 2, send_due());
		for (int i = 0; i < 2; i++)
			if (ends[i].revents != 0)
				receive(ends[i].fd, ends[1 - i].fd, delay_us);
	}
}
