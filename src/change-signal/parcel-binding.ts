/**
 * The native half of `@parcel/watcher`. In development the package finds the host's own; a build replaces this file by
 * one literal `require` of the target's, because a bundler cannot follow a name that is computed at run time.
 */
import * as binding from "@parcel/watcher";

export default binding;
