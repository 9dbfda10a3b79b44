/** One running node: services below it, verticles in their order, its health, its end. */
@NullMarked
package dev.ducat.launcher.node;

import org.jspecify.annotations.NullMarked;
