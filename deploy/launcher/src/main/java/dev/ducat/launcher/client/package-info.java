/** A client of the public gRPC API, which the commands and the demo use: nothing else of a node. */
@NullMarked
package dev.ducat.launcher.client;

import org.jspecify.annotations.NullMarked;
