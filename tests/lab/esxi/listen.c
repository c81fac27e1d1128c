/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listen.c - listen PORT...: accepts connections on all addresses of a host of the lab, and closes them. On port 902 it greets
 * first, as ESXi's authentication daemon does.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_PORTS = 8, AUTHD = 902 };

static const char greeting[] = "220 VMware Authentication Daemon Version 1.10: SSL Required\r\n";

static int open_port(int port)
{
	const int off = 0, on = 1;
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons((unsigned short)port)};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0 || listen(fd, 64) < 0) {
		perror("listen");
		exit(1);
	}
	return fd;
}

static void serve(int fd, int port)
{
	int client = accept(fd, NULL, NULL);

	if (client < 0)
		return;
	if (port == AUTHD && write(client, greeting, sizeof(greeting) - 1) < 0)
		perror("listen");
	close(client);
}

int main(int argc, char **argv)
{
	struct pollfd ports[MAX_PORTS];
	nfds_t count = 0;

	signal(SIGPIPE, SIG_IGN);
	for (int i = 1; i < argc && count < MAX_PORTS; i++)
		ports[count++] = (struct pollfd){.fd = open_port(atoi(argv[i])), .events = POLLIN};
	for (;;) {
		poll(ports, count, -1);
		for (nfds_t i = 0; i < count; i++)
			if (ports[i].revents != 0)
				serve(ports[i].fd, atoi(argv[i + 1]));
	}
}
