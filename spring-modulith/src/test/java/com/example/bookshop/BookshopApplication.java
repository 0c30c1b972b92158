package com.example.bookshop;

import org.springframework.boot.autoconfigure.SpringBootApplication;

/** A modular monolith of three modules: orders publishes, shipping and loyalty listen. */
@SpringBootApplication
public class BookshopApplication {}
