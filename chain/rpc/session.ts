/** A client as methods see it: one HTTP request or one WebSocket connection. */
export interface Session {
  readonly transport: 'http' | 'websocket'
  /** Client address; the key of rate limits. */
  readonly address: string
  /** Undefined where nothing can be pushed. */
  readonly sink: NotificationSink | undefined
}

/** A connection that takes notifications. */
export interface NotificationSink {
  /** Sends or queues one message; false when the connection was dropped because it lags. */
  push(message: string): boolean
  /** Runs after the answer to the current request was sent: notifications must not overtake it. */
  afterAnswer(action: () => void): void
  onClose(action: () => void): void
}
