/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vmkping.c - stands in for ESXi's vmkping, and for what does the work of `esxcli network diag ping`: runs the machine's real ping
 * and says in ESXi's words what that said.
 *
 * Sources: the form of a run, of statistics and of "sendto() failed (...)" is that of VMware KB 1003728 and of transcripts which
 * administrators published. Guesses: the exit status with loss (1), the text about unknown interfaces and stacks, an IPv6 reply
 * having the form of an IPv4 one, what a router's "fragmentation needed" looks like, and 1 s as the default of -W.
 *
 * /run/esx/adapters lists the host's adapters, one a line: device, tab, TCP/IP stack.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char adapters[] = "/run/esx/adapters";

enum style { VMKPING, PLAIN, XML };

static struct {
	const char *interface, *stack, *host, *size, *count, *interval, *wait, *ttl;
	bool df, four, six;
	enum style style;
} o = {.size = "56", .count = "3", .interval = "1", .wait = "1", .style = VMKPING};

/* What ping said in the end. */
static struct {
	long sent, received, duplicates;
	double min_ms, avg_ms, max_ms;
	char error[128];     /* of sendto(); the last one */
	char complaint[512]; /* of ping about how it was called */
	bool told;
} total;

static void usage(void)
{
	puts("vmkping [args] [host]\n"
	     "   args:\n"
	     "      -4                  use IPv4 (default)\n"
	     "      -6                  use IPv6\n"
	     "      -c <count>          set packet count\n"
	     "      -d                  set DF bit (do not fragment) on IPv4 or don't fragment on IPv6\n"
	     "      -I <interface>      set outgoing interface, such as \"vmk0\"\n"
	     "      -i <interval>       set interval (secs)\n"
	     "      -S <netstack>       set the network stack instance, such as \"vmotion\"; also ++netstack=\n"
	     "      -s <size>           set the number of ICMP data bytes to be sent\n"
	     "      -t <ttl>            set IPv4 Time To Live, or IPv6 hop limit\n"
	     "      -W <timeout>        set timeout to wait if no responses are received (secs)");
	exit(1);
}

static const struct option long_options[] = {
	{"count", required_argument, NULL, 'c'},
	{"debug", no_argument, NULL, 'D'},
	{"df", no_argument, NULL, 'd'},
	{"host", required_argument, NULL, 'H'},
	{"interface", required_argument, NULL, 'I'},
	{"interval", required_argument, NULL, 'i'},
	{"ipv4", no_argument, NULL, '4'},
	{"ipv6", no_argument, NULL, '6'},
	{"netstack", required_argument, NULL, 'S'},
	{"nexthop", required_argument, NULL, 'N'},
	{"size", required_argument, NULL, 's'},
	{"ttl", required_argument, NULL, 't'},
	{"wait", required_argument, NULL, 'W'},
	{"as-xml", no_argument, NULL, 1},
	{"as-text", no_argument, NULL, 2},
	{NULL, 0, NULL, 0},
};

static void set(int option)
{
	switch (option) {
	case '4':
		o.four = true;
		break;
	case '6':
		o.six = true;
		break;
	case 'c':
		o.count = optarg;
		break;
	case 'd':
		o.df = true;
		break;
	case 'H':
		o.host = optarg;
		break;
	case 'I':
		o.interface = optarg;
		break;
	case 'i':
		o.interval = optarg;
		break;
	case 'S':
		o.stack = optarg;
		break;
	case 's':
		o.size = optarg;
		break;
	case 't':
		o.ttl = optarg;
		break;
	case 'W':
		o.wait = optarg;
		break;
	case 1:
		o.style = XML;
		break;
	case 2:
		o.style = PLAIN;
		break;
	case 'D':
	case 'N':
	case 'v':
		break;
	default:
		usage();
	}
}

static void parse(int argc, char **argv)
{
	int option, kept = 1;

	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], "++netstack=", 11) == 0)
			o.stack = argv[i] + 11;
		else
			argv[kept++] = argv[i];
	argv[kept] = NULL;
	while ((option = getopt_long(kept, argv, "46c:DdH:I:i:N:S:s:t:vW:", long_options, NULL)) != -1)
		set(option);
	if (o.host == NULL && argv[optind] != NULL)
		o.host = argv[optind++];
	if (o.host == NULL || argv[optind] != NULL)
		usage();
	o.six = o.six || strchr(o.host, ':') != NULL;
}

/* The interface must be one of the host's, and on the stack that was asked for; nothing else would reach the network. */
static void check_interface(void)
{
	const char *stack = o.stack != NULL ? o.stack : "defaultTcpipStack";
	char device[32], on[64];
	bool stack_known = o.stack == NULL;
	FILE *f = fopen(adapters, "re");

	while (f != NULL && fscanf(f, "%31s %63s", device, on) == 2) {
		stack_known = stack_known || strcmp(on, stack) == 0;
		if (strcmp(on, stack) == 0 && (o.interface == NULL || strcmp(o.interface, device) == 0))
			return;
	}
	if (stack_known)
		printf("Unknown interface '%s': Invalid argument\n", o.interface != NULL ? o.interface : "");
	else
		printf("Unable to find TCP/IP stack instance '%s'\n", stack);
	exit(1);
}

static FILE *start_ping(pid_t *pid)
{
	const char *argv[24] = {"ping",  "-n", o.six ? "-6" : "-4", "-s", o.size, "-c",
	                        o.count, "-i", o.interval,          "-W", o.wait};
	int n = 11, ends[2];

	argv[n++] = "-M";
	argv[n++] = o.df ? "do" : "dont";
	if (o.interface != NULL) {
		argv[n++] = "-I";
		argv[n++] = o.interface;
	}
	if (o.ttl != NULL) {
		argv[n++] = "-t";
		argv[n++] = o.ttl;
	}
	argv[n++] = "--";
	argv[n] = o.host;
	if (pipe(ends) < 0 || (*pid = fork()) < 0) {
		perror("vmkping");
		exit(1);
	}
	if (*pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		setenv("LC_ALL", "C", 1);
		execvp("ping", (char **)(void *)argv);
		perror("ping");
		_exit(127);
	}
	close(ends[1]);
	return fdopen(ends[0], "r");
}

static void trace(long bytes, const char *from, long seq, long ttl, double ms, bool dup)
{
	switch (o.style) {
	case VMKPING:
		printf("%ld bytes from %s: icmp_seq=%ld ttl=%ld time=%.3f ms%s\n", bytes, from, seq, ttl, ms,
		       dup ? " (DUP!)" : "");
		break;
	case PLAIN:
		printf("         Received Bytes: %ld\n         Host: %s\n         ICMP Seq: %ld\n         TTL: %ld\n"
		       "         Round-trip Time: %.0f us\n         Dup: %s\n         Detail: \n",
		       bytes, from, seq, ttl, ms * 1000, dup ? "true" : "false");
		break;
	case XML:
		printf("<structure typeName=\"PingTrace\"><field name=\"Detail\"><string></string></field><field "
		       "name=\"Dup\">"
		       "<boolean>%s</boolean></field><field name=\"Host\"><string>%s</string></field><field "
		       "name=\"ICMPSeq\">"
		       "<integer>%ld</integer></field><field name=\"ReceivedBytes\"><integer>%ld</integer></field>"
		       "<field name=\"RoundtripTimeMS\"><integer>%.0f</integer></field><field "
		       "name=\"TTL\"><integer>%ld</integer>"
		       "</field></structure>",
		       dup ? "true" : "false", from, seq, bytes, ms * 1000, ttl);
		break;
	}
}

static void failed(const char *error)
{
	snprintf(total.error, sizeof(total.error), "sendto() failed (%s)", error);
	if (o.style == VMKPING)
		puts(total.error);
}

/* A packet that a router refused. */
static void refused(const char *line)
{
	char from[64];
	const char *mtu = strstr(line, "mtu");

	mtu += mtu != NULL ? strcspn(mtu, "0123456789") : 0;
	if (o.style == VMKPING && sscanf(line, "From %63s", from) == 1)
		printf("36 bytes from %s: frag needed and DF set (MTU %ld)\n", from,
		       mtu != NULL ? strtol(mtu, NULL, 10) : 0L);
}

/* A line of ping's, other than a reply and the statistics. */
static void other_line(const char *line)
{
	static bool by_router;

	if (strstr(line, "Frag needed") != NULL || strstr(line, "Packet too big") != NULL) {
		by_router = true;
		refused(line);
	} else if (strstr(line, "essage too long") != NULL) {
		/* Linux remembers what the router said, and refuses the next packets itself; the VMkernel's ping would send them. */
		if (!by_router)
			failed("Message too long");
	} else if (strstr(line, "Host Unreachable") != NULL || strstr(line, "Address unreachable") != NULL) {
		failed("Host is down");
	} else if (strstr(line, "Network is unreachable") != NULL || strstr(line, "Network is down") != NULL) {
		failed("Network is unreachable");
	} else if (strstr(line, "No route to host") != NULL ||
	           strstr(line, "Cannot assign requested address") != NULL) {
		failed("No route to host");
	} else if (strncmp(line, "ping: ", 6) == 0) {
		snprintf(total.complaint, sizeof(total.complaint), "%s", line + 6);
	}
}

static void read_line(const char *line)
{
	long bytes, seq, ttl;
	double ms;
	char from[80];
	const char *duplicates;

	if (sscanf(line, "%ld bytes from %79s icmp_seq=%ld ttl=%ld time=%lf", &bytes, from, &seq, &ttl, &ms) == 5) {
		from[strlen(from) - 1] = '\0'; /* a colon */
		trace(bytes, from, seq - 1, ttl, ms, strstr(line, "(DUP!)") != NULL);
	} else if (sscanf(line, "%ld packets transmitted, %ld received", &total.sent, &total.received) == 2) {
		total.told = true;
		duplicates = strstr(line, " received, +");
		if (duplicates != NULL && strstr(line, " duplicates") != NULL)
			total.duplicates = strtol(duplicates + 12, NULL, 10);
	} else if (sscanf(line, "rtt min/avg/max/mdev = %lf/%lf/%lf/", &total.min_ms, &total.avg_ms, &total.max_ms) !=
	           3) {
		other_line(line);
	}
}

/* Linux doesn't tell a socket which is bound to a device that nobody has the address; its table of neighbours says so. */
static void check_neighbour(void)
{
	char text[256], address[64], device[64];
	unsigned flags;
	FILE *f = fopen("/proc/net/arp", "re");

	while (f != NULL && fgets(text, sizeof(text), f) != NULL)
		if (sscanf(text, "%63s %*s %x %*s %*s %63s", address, &flags, device) == 3 &&
		    strcmp(address, o.host) == 0 && flags == 0 &&
		    (o.interface == NULL || strcmp(device, o.interface) == 0)) {
			failed("Host is down");
			return;
		}
}

static void begin(void)
{
	switch (o.style) {
	case VMKPING:
		printf("PING %s (%s): %s data bytes\n", o.host, o.host, o.size);
		break;
	case PLAIN:
		puts("   Trace: ");
		break;
	case XML:
		fputs("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
		      "<output xmlns=\"http://www.vmware.com/Products/ESX/5.0/esxcli/\">\n<root>"
		      "<structure typeName=\"Ping\"><field name=\"Trace\"><list type=\"structure\">",
		      stdout);
		break;
	}
}

static void summary(void)
{
	long lost = total.sent > 0 ? 100 - 100 * total.received / total.sent : 100;

	switch (o.style) {
	case VMKPING:
		printf("\n--- %s ping statistics ---\n%ld packets transmitted, %ld packets received, ", o.host,
		       total.sent, total.received);
		if (total.duplicates > 0)
			printf("+%ld duplicates, ", total.duplicates);
		printf("%ld%% packet loss\n", lost);
		if (total.received > 0)
			printf("round-trip min/avg/max = %.3f/%.3f/%.3f ms\n", total.min_ms, total.avg_ms,
			       total.max_ms);
		break;
	case PLAIN:
		printf("   Summary: \n         Host Addr: %s\n         Transmitted: %ld\n         Recieved: %ld\n"
		       "         Duplicated: %ld\n         Packet Lost: %ld\n         Round-trip Min: %.0f us\n"
		       "         Round-trip Avg: %.0f us\n         Round-trip Max: %.0f us\n",
		       o.host, total.sent, total.received, total.duplicates, lost, total.min_ms * 1000,
		       total.avg_ms * 1000, total.max_ms * 1000);
		break;
	case XML:
		printf("</list></field><field name=\"Summary\"><structure typeName=\"PingSummary\"><field "
		       "name=\"Duplicated\">"
		       "<integer>%ld</integer></field><field name=\"HostAddr\"><string>%s</string></field>"
		       "<field name=\"PacketLost\"><integer>%ld</integer></field><field "
		       "name=\"Recieved\"><integer>%ld</integer>"
		       "</field><field name=\"RoundtripAvgMS\"><integer>%.0f</integer></field><field "
		       "name=\"RoundtripMaxMS\">"
		       "<integer>%.0f</integer></field><field name=\"RoundtripMinMS\"><integer>%.0f</integer></field>"
		       "<field "
		       "name=\"Transmitted\"><integer>%ld</integer></field></structure></field></structure></root>\n</"
		       "output>\n",
		       total.duplicates, o.host, lost, total.received, total.avg_ms * 1000, total.max_ms * 1000,
		       total.min_ms * 1000, total.sent);
		break;
	}
}

/* esxcli prints nothing before it knows that there is an answer. */
static void hold_output(char **text, size_t *size, FILE **real)
{
	*real = stdout;
	stdout = open_memstream(text, size);
}

int main(int argc, char **argv)
{
	char line[512], *text = NULL;
	size_t size = 0;
	FILE *ping, *real = NULL;
	pid_t pid;

	setvbuf(stdout, NULL, _IOLBF, 0);
	parse(argc, argv);
	check_interface();
	if (o.style != VMKPING)
		hold_output(&text, &size, &real);
	begin();
	ping = start_ping(&pid);
	while (fgets(line, sizeof(line), ping) != NULL)
		read_line(line);
	waitpid(pid, NULL, 0);
	if (!total.told && total.error[0] == '\0') {
		stdout = real != NULL ? real : stdout;
		fputs(total.complaint, stdout);
		return 1;
	}
	if (!total.told)
		total.sent = strtol(o.count, NULL, 10);
	if (total.received == 0 && total.error[0] == '\0')
		check_neighbour();
	summary();
	if (o.style == VMKPING)
		return total.received == total.sent ? 0 : 1;
	fclose(stdout);
	stdout = real;
	/* A local error takes the place of the answer. */
	if (total.received == 0 && total.error[0] != '\0')
		puts(total.error);
	else
		fwrite(text, 1, size, stdout);
	return total.received == 0 && total.error[0] != '\0' ? 1 : 0;
}
