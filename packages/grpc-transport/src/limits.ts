/**
 * What one peer may cost. Every limit ends the stream or the connection that exceeds it, with the
 * HTTP/2 error code in brackets; nobody else notices. Rates count frames beyond one per useful frame
 * (HEADERS and non-empty DATA, in both directions), so that busy peers are not punished.
 */
export interface ConnectionLimits {
  /** Streams a peer may have open at once [REFUSED_STREAM]. @default 1000 */
  maxConcurrentStreams: number;
  /** Size of a decoded header list, RFC 9113 §6.5.2 [answered with RESOURCE_EXHAUSTED]. @default 16384 */
  maxHeaderListBytes: number;
  /** Size of an encoded header block over all its frames [ENHANCE_YOUR_CALM]. @default 65536 */
  maxHeaderBlockBytes: number;
  /** CONTINUATION frames of one header block [ENHANCE_YOUR_CALM]. @default 8 */
  maxContinuationFrames: number;
  /** Payload of a received frame, 16384 to 16777215 [FRAME_SIZE_ERROR]. @default 16384 */
  maxFrameBytes: number;
  /** RST_STREAM frames per second [ENHANCE_YOUR_CALM]. @default 1000 */
  maxResetsPerSecond: number;
  /**
   * Of these, such that follow their request at once, and errors that make us send RST_STREAM
   * [ENHANCE_YOUR_CALM]. @default 100
   */
  maxRapidResetsPerSecond: number;
  /** PING frames per second [ENHANCE_YOUR_CALM]. @default 500 */
  maxPingsPerSecond: number;
  /** SETTINGS frames per second [ENHANCE_YOUR_CALM]. @default 50 */
  maxSettingsPerSecond: number;
  /** Empty DATA, PRIORITY and unknown frames per second [ENHANCE_YOUR_CALM]. @default 1000 */
  maxIdleFramesPerSecond: number;
  /** WINDOW_UPDATE frames per second [ENHANCE_YOUR_CALM]. @default 5000 */
  maxWindowUpdatesPerSecond: number;
  /** Time to complete TLS, the preface and the first SETTINGS, ms [connection closed]. @default 10000 */
  handshakeTimeoutMs: number;
  /** Time without progress while the peer does not read what we wrote, ms [connection closed]. @default 20000 */
  writeStallTimeoutMs: number;
  /** Time without progress of a stream that has data to send but no window, ms [CANCEL]. @default 60000 */
  streamStallTimeoutMs: number;
  /** Bytes written to the socket and not taken by the kernel, before reading pauses. @default 131072 */
  maxSocketBacklogBytes: number;
  /**
   * Bytes held for one connection: partial messages and unsent data [RESOURCE_EXHAUSTED, or
   * ENHANCE_YOUR_CALM once the answer has begun]. @default 8388608
   */
  maxBufferedBytes: number;
  /** The same for all connections of a server together; half of it shared evenly. @default 16777216 */
  maxTotalBufferedBytes: number;
  /** Open streams of all connections of a server together; half of it shared evenly [REFUSED_STREAM]. @default 20000 */
  maxTotalStreams: number;
  /** First receive window of a stream. @default 65535 */
  initialWindowBytes: number;
  /** Largest receive window of a stream that the bandwidth-delay estimate may reach. @default 4194304 */
  maxWindowBytes: number;
}

/** Limits towards peers that are not trusted: applications, the network. */
export const defaultLimits: Readonly<ConnectionLimits> = {
  maxConcurrentStreams: 1000,
  maxHeaderListBytes: 16_384,
  maxHeaderBlockBytes: 65_536,
  maxContinuationFrames: 8,
  maxFrameBytes: 16_384,
  maxResetsPerSecond: 1000,
  maxRapidResetsPerSecond: 100,
  maxPingsPerSecond: 500,
  maxSettingsPerSecond: 50,
  maxIdleFramesPerSecond: 1000,
  maxWindowUpdatesPerSecond: 5000,
  handshakeTimeoutMs: 10_000,
  writeStallTimeoutMs: 20_000,
  streamStallTimeoutMs: 60_000,
  maxSocketBacklogBytes: 131_072,
  maxBufferedBytes: 8_388_608,
  maxTotalBufferedBytes: 16_777_216,
  maxTotalStreams: 20_000,
  initialWindowBytes: 65_535,
  maxWindowBytes: 4_194_304,
};

/**
 * Limits between processes of one installation. One connection carries the calls of every client of
 * the gateway, whose own connections are held to {@link defaultLimits}.
 */
export const internalLimits: Readonly<ConnectionLimits> = {
  ...defaultLimits,
  maxConcurrentStreams: 1_000_000,
  maxHeaderListBytes: 65_536,
  maxHeaderBlockBytes: 262_144,
  maxContinuationFrames: 64,
  maxResetsPerSecond: 1_000_000,
  maxRapidResetsPerSecond: 1_000_000,
  maxPingsPerSecond: 1_000_000,
  maxSettingsPerSecond: 10_000,
  maxIdleFramesPerSecond: 1_000_000,
  maxWindowUpdatesPerSecond: 10_000_000,
  maxSocketBacklogBytes: 8_388_608,
  maxBufferedBytes: 1_073_741_824,
  maxTotalBufferedBytes: 2_147_483_648,
  maxTotalStreams: 2_000_000,
  // What a slow reader of one call may make the gateway hold.
  maxWindowBytes: 1_048_576,
};
