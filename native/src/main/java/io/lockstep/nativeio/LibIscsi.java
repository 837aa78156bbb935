package io.lockstep.nativeio;

import com.sun.jna.Native;

/** The functions of libiscsi that are used, bound directly; addresses are longs. Loading fails with UnsatisfiedLinkError where it is missing. */
final class LibIscsi {
    static final int SESSION_NORMAL = 2;
    static final int DIGEST_NONE_OR_CRC32C = 1;

    static {
        Native.register(LibIscsi.class, "iscsi");
    }

    private LibIscsi() {}

    static native long iscsi_create_context(String initiator);

    static native int iscsi_destroy_context(long context);

    static native void iscsi_set_noautoreconnect(long context, int state);

    static native int iscsi_set_targetname(long context, String target);

    static native int iscsi_set_session_type(long context, int type);

    static native int iscsi_set_header_digest(long context, int digest);

    static native int iscsi_set_initiator_username_pwd(long context, String user, String password);

    static native int iscsi_full_connect_async(long context, String portal, int lun, long callback, long privateData);

    static native int iscsi_get_fd(long context);

    static native int iscsi_which_events(long context);

    static native int iscsi_service(long context, int events);

    static native String iscsi_get_error(long context);

    static native long scsi_create_task(int cdbLength, long cdb, int direction, int length);

    static native int scsi_task_add_data_in_buffer(long task, int length, long address);

    static native void scsi_free_scsi_task(long task);

    static native int iscsi_scsi_command_async(
            long context, int lun, long task, long callback, long data, long privateData);

    static native int iscsi_task_mgmt_lun_reset_async(long context, int lun, long callback, long privateData);
}
