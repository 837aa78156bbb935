/*
 * A key-value store: the service the embedded machine mirrors by default. Speaks the Redis protocol (PING, SET, GET, INCR) to clients whose
 * connections the host carries in frames over the virtio console:
 *
 *     connection (4 bytes, little endian), length (4), bytes        in both directions; length 0: the connection is closed
 *
 * Each value is kept with a checksum over key and value, which is verified before the value is used. Sleeps (WFI) when there is nothing to do.
 */
#include "../support.h"

UNEXPECTED

#define SLOT 0x10003000UL
#define IRQ 3
#define PLIC 0x0c000000UL
#define QUEUE 16
#define PIECE 2048
#define CONNECTIONS 16
#define LINE 4096
#define ENTRIES 16384
#define KEY 48
#define VALUE 192

struct descriptor { u64 address; u32 length; uint16_t flags, next; };
struct available { uint16_t flags, index, ring[QUEUE]; };
struct used { uint16_t flags, index; struct { u32 id, length; } ring[QUEUE]; };
struct queue { struct descriptor descriptors[QUEUE]; struct available available; struct used used __attribute__((aligned(16))); uint16_t seen; };

static struct queue receive __attribute__((aligned(4096))), transmit __attribute__((aligned(4096)));
static uint8_t received[QUEUE][PIECE];
static uint8_t answer[8 + LINE];
static u32 answered;

struct connection { u32 id, size; uint8_t open, bytes[LINE]; };
static struct connection connections[CONNECTIONS];

struct entry { u32 keys, values; u64 checksum; char key[KEY], value[VALUE]; };
static struct entry entries[ENTRIES];
static u32 count;

void *memcpy(void *to, const void *from, u64 size) { char *t = to; const char *f = from; while (size--) { *t++ = *f++; } return to; }
void *memset(void *to, int value, u64 size) { char *t = to; while (size--) { *t++ = (char)value; } return to; }

static volatile u32 *reg(u64 address) { return (volatile u32 *)address; }
static void barrier(void) { asm volatile("fence rw, rw" ::: "memory"); }

static void set_up_queue(u32 number, struct queue *q) {
    *reg(SLOT + 0x30) = number;
    *reg(SLOT + 0x38) = QUEUE;
    u64 parts[] = {(u64)q->descriptors, (u64)&q->available, (u64)&q->used};
    for (int i = 0; i < 3; i++) {
        *reg(SLOT + 0x80 + 16 * (u64)i) = (u32)parts[i];
        *reg(SLOT + 0x84 + 16 * (u64)i) = (u32)(parts[i] >> 32);
    }
    *reg(SLOT + 0x44) = 1;
}

static void give(struct queue *q, uint16_t id) {
    q->available.ring[q->available.index % QUEUE] = id;
    barrier();
    q->available.index++;
    barrier();
}

static int set_up(void) {
    if (*reg(SLOT) != 0x74726976 || *reg(SLOT + 8) != 3) {
        return 0;
    }
    *reg(SLOT + 0x70) = 0;
    *reg(SLOT + 0x70) = 3;
    *reg(SLOT + 0x24) = 1;
    *reg(SLOT + 0x20) = 1; /* version 1 */
    *reg(SLOT + 0x70) = 11;
    set_up_queue(0, &receive);
    set_up_queue(1, &transmit);
    transmit.available.flags = 1; /* sending completes at once: no interrupts */
    for (uint16_t i = 0; i < QUEUE; i++) {
        receive.descriptors[i] = (struct descriptor){(u64)received[i], PIECE, 2, 0};
        give(&receive, i);
    }
    *reg(SLOT + 0x70) = 15;
    *reg(SLOT + 0x50) = 0;
    *reg(PLIC + 4 * IRQ) = 1;
    *reg(PLIC + 0x2000) = 1 << IRQ;
    *reg(PLIC + 0x200000) = 0;
    asm volatile("csrw mie, %0" : : "r"(1 << 11));
    return 1;
}

static void send(u32 connection) {
    memcpy(answer, &connection, 4);
    memcpy(answer + 4, &answered, 4);
    transmit.descriptors[0] = (struct descriptor){(u64)answer, 8 + answered, 0, 0};
    give(&transmit, 0);
    *reg(SLOT + 0x50) = 1;
    while (*(volatile uint16_t *)&transmit.used.index == transmit.seen) { }
    transmit.seen++;
    answered = 0;
}

static void say(const void *bytes, u32 size) { memcpy(answer + 8 + answered, bytes, size); answered += size; }
static void say_text(const char *text) { u32 size = 0; while (text[size]) { size++; } say(text, size); }

static u32 digits(u64 value, char *text) {
    char reversed[20];
    u32 size = 0;
    do { reversed[size++] = (char)('0' + value % 10); value /= 10; } while (value);
    for (u32 i = 0; i < size; i++) { text[i] = reversed[size - 1 - i]; }
    return size;
}

static u64 mix(u64 sum, const char *bytes, u32 size) {
    for (u32 i = 0; i < size; i++) { sum = (sum ^ (uint8_t)bytes[i]) * 0x100000001b3; }
    return sum;
}

static u64 checksum(const struct entry *e) { return mix(mix(0xcbf29ce484222325 + e->values, e->key, e->keys), e->value, e->values); }

/* The key's entry, or the free one where it belongs; 0 if the table is full. */
static struct entry *find(const char *key, u32 size) {
    u64 at = mix(0xcbf29ce484222325, key, size);
    for (u32 i = 0; i < ENTRIES; i++) {
        struct entry *e = &entries[(at + i) % ENTRIES];
        if (e->keys == 0) {
            return count < ENTRIES - ENTRIES / 8 ? e : 0;
        }
        u32 same = e->keys == size;
        for (u32 k = 0; same && k < size; k++) { same = e->key[k] == key[k]; }
        if (same) {
            return e;
        }
    }
    return 0;
}

static void keep(struct entry *e, const char *key, u32 keys, const char *value, u32 values) {
    count += e->keys == 0;
    e->keys = keys;
    memcpy(e->key, key, keys);
    e->values = values;
    memcpy(e->value, value, values);
    e->checksum = checksum(e);
}

static int whole(const struct entry *e) {
    if (e->checksum == checksum(e)) {
        return 1;
    }
    say_text("-ERR the value's checksum is wrong\r\n");
    return 0;
}

static void get(const struct entry *e) {
    if (!e || e->keys == 0) {
        say_text("$-1\r\n");
    } else if (whole(e)) {
        char text[24];
        say_text("$");
        say(text, digits(e->values, text));
        say_text("\r\n");
        say(e->value, e->values);
        say_text("\r\n");
    }
}

static void increment(struct entry *e, const char *key, u32 keys) {
    u64 number = 0;
    if (e->keys && !whole(e)) {
        return;
    }
    for (u32 i = 0; i < (e->keys ? e->values : 0); i++) {
        if (e->value[i] < '0' || e->value[i] > '9') {
            say_text("-ERR value is not an integer or out of range\r\n");
            return;
        }
        number = number * 10 + (u64)(e->value[i] - '0');
    }
    char text[24];
    u32 size = digits(number + 1, text);
    keep(e, key, keys, text, size);
    say_text(":");
    say(text, size);
    say_text("\r\n");
}

static int is(const char *word, u32 size, const char *name) {
    u32 i = 0;
    while (i < size && name[i] && (word[i] & ~0x20) == name[i]) { i++; }
    return i == size && !name[i];
}

static void command(u32 words, const char **word, const u32 *size) {
    if (words == 1 && is(word[0], size[0], "PING")) {
        say_text("+PONG\r\n");
        return;
    }
    if (words < 2 || words > 3 || size[1] == 0 || size[1] > KEY || (words == 3 && size[2] > VALUE)) {
        say_text("-ERR unknown command, or too long\r\n");
        return;
    }
    struct entry *e = find(word[1], size[1]);
    if (words == 2 && is(word[0], size[0], "GET")) {
        get(e);
    } else if (!e) {
        say_text("-ERR the store is full\r\n");
    } else if (words == 3 && is(word[0], size[0], "SET")) {
        keep(e, word[1], size[1], word[2], size[2]);
        say_text("+OK\r\n");
    } else if (words == 2 && is(word[0], size[0], "INCR")) {
        increment(e, word[1], size[1]);
    } else {
        say_text("-ERR unknown command\r\n");
    }
}

/* A number after a kind, as in "*3\r\n"; the position behind it, 0 if more bytes are needed, -1 if it is none. */
static int number(const struct connection *c, u32 at, char kind, u32 *value) {
    u32 i = at;
    *value = 0;
    if (i < c->size && c->bytes[i] != (uint8_t)kind) {
        return -1;
    }
    for (i++; i < c->size && c->bytes[i] >= '0' && c->bytes[i] <= '9' && *value < LINE; i++) { *value = *value * 10 + (c->bytes[i] - '0'); }
    if (i + 1 >= c->size) {
        return c->size - at > 12 ? -1 : 0;
    }
    return c->bytes[i] == '\r' && c->bytes[i + 1] == '\n' ? (int)i + 2 : -1;
}

/* Executes the first command; bytes used, 0 if it is not complete, -1 if it is none. */
static int first_command(const struct connection *c) {
    const char *word[3];
    u32 size[3], words;
    int at = number(c, 0, '*', &words);
    if (at <= 0) {
        return at;
    }
    if (words == 0 || words > 3) {
        return -1;
    }
    for (u32 i = 0; i < words; i++) {
        at = number(c, (u32)at, '$', &size[i]);
        if (at <= 0) {
            return at;
        }
        if ((u32)at + size[i] + 2 > LINE) {
            return -1;
        }
        if ((u32)at + size[i] + 2 > c->size) {
            return 0;
        }
        word[i] = (const char *)c->bytes + at;
        at += (int)size[i] + 2;
    }
    command(words, word, size);
    return at;
}

static struct connection *connection(u32 id) {
    struct connection *free = 0;
    for (u32 i = 0; i < CONNECTIONS; i++) {
        if (connections[i].open && connections[i].id == id) {
            return &connections[i];
        }
        if (!connections[i].open && !free) {
            free = &connections[i];
        }
    }
    if (free) {
        *free = (struct connection){.id = id, .open = 1};
    }
    return free;
}

static void execute(struct connection *c) {
    int used;
    while ((used = first_command(c)) > 0) {
        c->size -= (u32)used;
        for (u32 i = 0; i < c->size; i++) { c->bytes[i] = c->bytes[(u32)used + i]; }
        if (answered > LINE / 2) {
            send(c->id);
        }
    }
    if (answered) {
        send(c->id);
    }
    if (used < 0 || c->size == LINE) {
        send(c->id); /* nothing: closes */
        c->open = 0;
    }
}

/* The frame being received. */
static uint8_t header[8];
static u32 headers, left;
static struct connection *current;

static void take(const uint8_t *bytes, u32 size) {
    while (size > 0) {
        if (headers < 8) {
            header[headers++] = *bytes++;
            size--;
            if (headers == 8) {
                u32 id;
                memcpy(&id, header, 4);
                memcpy(&left, header + 4, 4);
                current = connection(id);
                if (left == 0) {
                    headers = 0;
                    if (current) {
                        current->open = 0;
                    }
                } else if (!current) {
                    send(id); /* too many connections: closes it */
                }
            }
            continue;
        }
        u32 piece = size < left ? size : left;
        if (current && current->open) {
            piece = piece < LINE - current->size ? piece : LINE - current->size;
            memcpy(current->bytes + current->size, bytes, piece);
            current->size += piece;
            execute(current);
        }
        bytes += piece;
        size -= piece;
        left -= piece;
        headers = left == 0 ? 0 : 8;
    }
}

int main(void) {
    if (!set_up()) {
        print("kv: no virtio console\n");
        return 1;
    }
    print("kv: ready\n");
    for (;;) {
        u32 source = *reg(PLIC + 0x200004);
        *reg(SLOT + 0x64) = *reg(SLOT + 0x60);
        if (source) {
            *reg(PLIC + 0x200004) = source;
        }
        barrier();
        int any = 0;
        while (*(volatile uint16_t *)&receive.used.index != receive.seen) {
            barrier();
            u32 id = receive.used.ring[receive.seen % QUEUE].id;
            take(received[id], receive.used.ring[receive.seen % QUEUE].length);
            receive.seen++;
            give(&receive, (uint16_t)id);
            any = 1;
        }
        if (any) {
            *reg(SLOT + 0x50) = 0;
        } else {
            asm volatile("wfi" ::: "memory");
        }
    }
}
