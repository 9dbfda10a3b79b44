/** The PSP connectors: what turns a saga's operation into something that happened outside. */
@NullMarked
package dev.ducat.saga.connector;

import org.jspecify.annotations.NullMarked;
