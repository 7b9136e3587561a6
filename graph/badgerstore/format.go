package badgerstore

// Format is the number of the store format that this package reads and writes.
const Format = formatNumber
