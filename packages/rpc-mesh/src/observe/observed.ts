import type { RegistrationState } from "../discovery/register.ts";
import type { Listeners } from "../listener/listeners.ts";
import type { Mesh } from "../mesh.ts";
import type { XdsState } from "../xds/state.ts";

/** What there is to tell about. */
export interface Observed {
  readonly mesh: Mesh;
  readonly listeners: Listeners;
  readonly registrations: readonly RegistrationState[];
  /** Missing: there is no management server. */
  readonly xds: XdsState | undefined;
}
