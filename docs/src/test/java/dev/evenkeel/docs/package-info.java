/** What keeps the handbook true: each page is compared with the code, the schema or the build. */
package dev.evenkeel.docs;
