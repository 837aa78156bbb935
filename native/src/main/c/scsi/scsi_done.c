/*
 * What libiscsi calls when a command has ended. It only notes the fact in memory that the caller reads after iscsi_service() has returned,
 * so that no call goes from C into the JVM.
 *
 *   slot:   | queue 8 | task 8 | index 4 |           one for each command, at the address given to libiscsi as private data
 *   queue:  | count 4 | then for each command that has ended: index 4, status 4, sense 4 |     sense: key << 16 | code << 8 | qualifier
 */
#include <stddef.h>
#include <stdint.h>

struct entry {
    int32_t index;
    int32_t status;
    int32_t sense;
};

struct queue {
    int32_t count;
    struct entry entries[];
};

/* The head of libiscsi's struct scsi_task, as of library version 7 up to 10: its binary interface. */
struct task_head {
    int status;
    int cdb_size;
    int direction;
    int expected_length;
    unsigned char cdb[16];
    int residual_status;
    size_t residual;
    unsigned char sense_error_type;
    int sense_key;
    int sense_code;
};

struct slot {
    struct queue *queue;
    const struct task_head *task;
    int32_t index;
};

enum { CHECK_CONDITION = 2 };

__attribute__((visibility("default"))) void mirror_scsi_done(void *context, int status, void *data, void *private_data)
{
    struct slot *slot = private_data;
    struct entry *entry = &slot->queue->entries[slot->queue->count++];

    (void)context;
    (void)data;
    entry->index = slot->index;
    entry->status = status;
    entry->sense = status == CHECK_CONDITION && slot->task != NULL ? slot->task->sense_key << 16 | slot->task->sense_code : 0;
}
