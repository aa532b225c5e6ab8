/** What everything that is opened, listened to or started returns. Calling it twice does nothing more. */
export type Disposer = () => void
