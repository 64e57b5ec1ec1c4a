/*
 * Stands in for pppd, so that pppd's own RADIUS plugin can be run where the kernel has no PPP: gives the plugin what
 * pppd 2.4.9 would give it, calls its hooks as pppd would, and prints what came of them.
 *
 *   pppd_host PLUGIN CONFIG pap USER PASSWORD
 *   pppd_host PLUGIN CONFIG chap|mschap2 USER ID CHALLENGE RESPONSE      (the last two in hexadecimal)
 *
 * Then the line comes up, reports once in between, and goes down. Ends with 0 if the login was accepted, else with 1.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

/* What pppd shares with its plugins, as its headers declare it. */
struct option {
    char *name;
    int type;
    void *place;
    char *description;
    unsigned flags;
    void *more;
    int upper, lower;
    const char *source;
    short priority, winner;
};
struct words;
struct notifier {
    struct notifier *next;
    void (*call)(void *, int);
    void *argument;
};
struct digest {
    int code;
    void *functions[6];
};

int (*pap_check_hook)(void);
int (*pap_auth_hook)(char *, char *, char **, struct words **, struct words **);
int (*chap_check_hook)(void);
int (*chap_verify_hook)(char *, char *, int, struct digest *, unsigned char *, unsigned char *, char *, int);
void (*ip_choose_hook)(unsigned *);
int (*allowed_address_hook)(unsigned);
struct notifier *ip_up_notifier, *ip_down_notifier;

char devnam[4096] = "/dev/pts/7", ifname[32] = "ppp7", hostname[256] = "localhost";
char remote_number[256] = "02:00:00:00:00:07";
char *ipparam;
int idle_time_limit, maxconnect, maxoctets_dir, got_sigterm, using_pty, link_stats_valid, mppe_keys_set;
volatile int status;
unsigned char sync_serial, mppe_send_key[16], mppe_recv_key[16];
unsigned maxoctets, link_connect_time;
struct {
    unsigned octets_in, octets_out, packets_in, packets_out;
} link_stats;
/* Of IPCP's options the plugin reads the other side's address alone. */
#define ADDRESS_OF_PEER 28
unsigned char ipcp_wantoptions[512], ipcp_allowoptions[512], ipcp_hisoptions[512];

static struct option *options;
static void (*interim)(void *);
static void *interim_argument;
static int interim_seconds;

static void say(const char *level, const char *format, va_list values) {
    printf("%s: ", level);
    vprintf(format, values);
    putchar('\n');
}
#define LEVEL(name)                         \
    void name(const char *format, ...) {    \
        va_list values;                     \
        va_start(values, format);           \
        say(#name, format, values);         \
        va_end(values);                     \
    }
LEVEL(info)
LEVEL(warn)
LEVEL(error)
void fatal(const char *format, ...) {
    va_list values;
    va_start(values, format);
    say("fatal", format, values);
    exit(3);
}
void novm(const char *what) { fatal("no memory for %s", what); }
int slprintf(char *buffer, int room, const char *format, ...) {
    va_list values;
    va_start(values, format);
    int length = vsnprintf(buffer, room, format, values);
    va_end(values);
    return length;
}
size_t strlcpy(char *to, const char *from, size_t room) { return snprintf(to, room, "%s", from); }
size_t strlcat(char *to, const char *from, size_t room) {
    size_t length = strlen(to);
    return length + strlcpy(to + length, from, room - length);
}
int bad_ip_adrs(unsigned address) { return address == 0; }
int get_time(struct timeval *now) { return gettimeofday(now, NULL); }
int netif_get_mtu(int unit) { return 1492 + 0 * unit; }
void netif_set_mtu(int unit, int octets) { printf("mtu %d %d\n", unit, octets); }
unsigned magic(void) { return random(); }
void script_setenv(char *name, char *value, int keep) { printf("env %s=%s %d\n", name, value, keep); }
void set_mppe_enc_types(int policy, int types) { printf("mppe policy %d types %d\n", policy, types); }
void update_link_stats(int unit) { link_stats_valid = unit + 1; }
void timeout(void (*call)(void *), void *argument, int seconds, int micros) {
    interim = call, interim_argument = argument, interim_seconds = seconds + 0 * micros;
}
void untimeout(void (*call)(void *), void *argument) {
    if (call == interim && argument == interim_argument) interim = NULL;
}
void mppe_set_keys(unsigned char *send, unsigned char *receive, int length) {
    if (send) memcpy(mppe_send_key, send, length);
    if (receive) memcpy(mppe_recv_key, receive, length);
}
void add_options(struct option *all) { options = all; }
void add_notifier(struct notifier **list, void (*call)(void *, int), void *argument) {
    struct notifier *one = malloc(sizeof *one);
    if (!one) novm("a notifier");
    *one = (struct notifier){*list, call, argument};
    *list = one;
}

static void notify(struct notifier *one) {
    for (; one; one = one->next) one->call(one->argument, 0);
}

/* The octets of a hexadecimal text behind their number, as pppd hands challenges on. */
static void counted(const char *text, unsigned char *octets, size_t room) {
    unsigned octet, count = 0;
    for (; count + 1 < room && sscanf(text + 2 * count, "%2x", &octet) == 1; count++) octets[count + 1] = octet;
    octets[0] = count;
}

static void print_key(const char *name, const unsigned char *key) {
    printf("%s ", name);
    for (int place = 0; place < 16; place++) printf("%02x", key[place]);
    putchar('\n');
}

int main(int argc, char **argv) {
    if (argc < 6) return 2;
    void *plugin = dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL);
    void (*begin)(void) = plugin ? (void (*)(void))dlsym(plugin, "plugin_init") : NULL;
    if (!begin) fatal("%s", dlerror());
    begin();
    for (struct option *one = options; one && one->name; one++)
        if (!strcmp(one->name, "radius-config-file")) *(char **)one->place = argv[2];

    char said[256] = "", *message = said;
    int accepted;
    if (!strcmp(argv[3], "pap")) {
        struct words *addresses = NULL, *more = NULL;
        accepted = pap_auth_hook(argv[4], argv[5], &message, &addresses, &more);
    } else {
        if (argc < 8) return 2;
        struct digest digest = {.code = strcmp(argv[3], "chap") ? 0x81 : 5};
        unsigned char challenge[65], response[65];
        counted(argv[6], challenge, sizeof challenge);
        counted(argv[7], response, sizeof response);
        accepted = chap_verify_hook(argv[4], hostname, atoi(argv[5]), &digest, challenge, response, said, sizeof said);
    }
    unsigned address = 0;
    ip_choose_hook(&address);
    printf("accepted %d\nmessage %s\nseconds %d\naddress %s\n", accepted, message, maxconnect,
           inet_ntoa((struct in_addr){address}));
    print_key("send-key", mppe_send_key);
    print_key("recv-key", mppe_recv_key);
    if (!accepted) return 1;

    if (!address) address = inet_addr("10.20.30.40");
    memcpy(ipcp_hisoptions + ADDRESS_OF_PEER, &address, sizeof address);
    notify(ip_up_notifier);
    printf("interim %d\n", interim_seconds);
    link_stats.octets_in = 5000, link_stats.octets_out = 70000, link_connect_time = 60;
    if (interim) interim(interim_argument);
    link_stats.octets_out = 90000, link_connect_time = 90, link_stats_valid = 1;
    notify(ip_down_notifier);
    return 0;
}
