/**
 * The administrator's identity in the data directory: written by the auth service, read by `tctl`. This door is apart from the
 * auth service's, so that `tctl` need not load all of it.
 *
 * @module
 */

export { ADMIN_IDENTITY_FILE, type AdminIdentity, readAdminIdentity } from "./identity_file.ts";
